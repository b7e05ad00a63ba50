// The message and exit code for a server that cannot start, mostly because its address cannot be had.

import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { exitCodes } from './failure.ts'

/** @param retry a command line with other addresses, for the advice. */
export function listenFailure(
  error: unknown,
  retry: string,
): { message: string; exitCode: number } {
  const failure = systemError(error)
  if (failure?.address === undefined || failure.port === undefined) {
    return {
      message: error instanceof Error ? error.message : String(error),
      exitCode: isBadConfiguration(error) ? exitCodes.badConfiguration : exitCodes.failure,
    }
  }
  const place = hostPortText({ host: failure.address, port: failure.port })
  const advice = `Choose another address: ${retry}`
  switch (failure.code) {
    case 'EADDRINUSE':
      return {
        message: `${place} is in use by another program. ${advice}`,
        exitCode: exitCodes.addressInUse,
      }
    case 'EADDRNOTAVAIL':
      return {
        message: `${place}: this machine does not have that address. ${advice}`,
        exitCode: exitCodes.failure,
      }
    case 'EACCES':
      return {
        message: `${place}: no permission to listen there. ${advice}`,
        exitCode: exitCodes.failure,
      }
    default:
      return { message: `${place}: ${failure.message}`, exitCode: exitCodes.failure }
  }
}

/** The secret or a candidacy function that the configuration names cannot be loaded. */
const isBadConfiguration = (error: unknown): boolean =>
  error instanceof TopspinError && (error.code === 'BAD_SECRET' || error.code === 'POLICY')

interface ListenError extends NodeJS.ErrnoException {
  readonly address?: string
  readonly port?: number
}

/** The system's own error, beneath the errors that wrap it. */
function systemError(error: unknown): ListenError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('syscall' in at) return at as ListenError
  }
  return undefined
}
