// The exit codes of every command, as README.md lists them, and the error that ends a command with one of them.

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** The address to listen on is taken (EX_TEMPFAIL of sysexits.h). */
  addressInUse: 75,
  /** EX_CONFIG of sysexits.h. */
  badConfiguration: 78,
} as const

/** Ends a command: `message` is written to standard error. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message)
    this.exitCode = exitCode
  }
}
