// What to tell somebody whose proxy cannot start, mostly for want of its address, and the exit code.

import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { exitCodes } from './exit-codes.ts'

/** `command`: how the reader started this, so that the advice can be typed. */
export function listenFailure(
  error: unknown,
  command: string,
): { message: string; exitCode: number } {
  const failure = systemError(error)
  if (failure?.address === undefined || failure.port === undefined) {
    return {
      message: error instanceof Error ? error.message : String(error),
      exitCode: isBadConfiguration(error) ? exitCodes.badConfiguration : exitCodes.failure,
    }
  }
  const place = hostPortText({ host: failure.address, port: failure.port })
  const advice = `Choose others: ${command} --listen HOST:PORT --control HOST:PORT`
  switch (failure.code) {
    case 'EADDRINUSE':
      return {
        message: `${place} is taken by another program. ${advice}`,
        exitCode: exitCodes.addressInUse,
      }
    case 'EADDRNOTAVAIL':
      return {
        message: `${place}: this machine has no such address. ${advice}`,
        exitCode: exitCodes.failure,
      }
    case 'EACCES':
      return {
        message: `${place}: you are not permitted to listen there. ${advice}`,
        exitCode: exitCodes.failure,
      }
    default:
      return { message: `${place}: ${failure.message}`, exitCode: exitCodes.failure }
  }
}

/** What the configuration names cannot be loaded: the secret, or a candidacy function. */
const isBadConfiguration = (error: unknown): boolean =>
  error instanceof TopspinError && (error.code === 'BAD_SECRET' || error.code === 'POLICY')

interface ListenError extends NodeJS.ErrnoException {
  readonly address?: string
  readonly port?: number
}

/** The error of the system itself, under whatever was wrapped around it. */
function systemError(error: unknown): ListenError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('syscall' in at) return at as ListenError
  }
  return undefined
}
