// The message and exit code for a server that cannot start, mostly because its address cannot be had.

import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { unixAddress } from '../base/unix-address.ts'
import { exitCodes } from './failure.ts'

/** @param retry a command line with other addresses, for the advice. */
export function listenFailure(
  error: unknown,
  retry: string,
): { message: string; exitCode: number } {
  const failure = systemError(error)
  if (failure?.address === undefined) {
    return {
      message: error instanceof Error ? error.message : String(error),
      exitCode: isBadConfiguration(error) ? exitCodes.badConfiguration : exitCodes.failure,
    }
  }
  const place = placeOf(failure.address, failure.port)
  const advice = `Choose another address: ${retry}`
  switch (failure.code) {
    case 'EADDRINUSE':
      return {
        message: `${place} is in use by another program. ${advice}`,
        exitCode: exitCodes.addressInUse,
      }
    case 'EEXIST':
      return {
        message: `${place}: a file that is no socket has this name. ${advice}`,
        exitCode: exitCodes.failure,
      }
    case 'ENOENT':
      return { message: `${place}: the folder does not exist`, exitCode: exitCodes.failure }
    case 'EADDRNOTAVAIL':
      return {
        message: `${place}: this machine does not have that address. ${advice}`,
        exitCode: exitCodes.failure,
      }
    case 'EACCES':
      return {
        message: `${place}: no permission to listen there${permissionHint(failure.port)}. ${advice}`,
        exitCode: exitCodes.failure,
      }
    default:
      return { message: `${place}: ${failure.message}`, exitCode: exitCodes.failure }
  }
}

/** @param port absent or -1 for a unix socket. */
function permissionHint(port: number = -1): string {
  if (port < 0) return '; this user must be allowed to write in its folder'
  if (port >= 1_024) return ''
  return ': ports below 1024 are for root, for programs with CAP_NET_BIND_SERVICE and for sockets of systemd (docs/systemd.md)'
}

/** The configuration names a secret, a candidacy function or a package that cannot be loaded. */
const codesOfConfiguration: ReadonlySet<string> = new Set([
  'BAD_SECRET',
  'POLICY',
  'NATS_MISSING',
  'XDS_MISSING',
])

const isBadConfiguration = (error: unknown): boolean =>
  error instanceof TopspinError && codesOfConfiguration.has(error.code)

/** The errors of Node.js about unix sockets have the path as `address`, and no port or -1. */
const placeOf = (address: string, port: number = -1): string =>
  hostPortText(port < 0 ? { host: unixAddress(address), port: 0 } : { host: address, port })

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
