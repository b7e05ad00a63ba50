// The exit codes of every command, as README.md lists them (78 and 75 are those of sysexits.h).

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** The address to listen on is taken. */
  addressInUse: 75,
  badConfiguration: 78,
} as const
