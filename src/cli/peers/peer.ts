// `topspin peer`: a peer that hands requests over, in front of a server of any kind, with flags.

import { present } from '../../base/environment.ts'
import { TopspinError } from '../../base/errors.ts'
import { hostPortText, parseEndpoint } from '../../base/host-port.ts'
import { runFront } from '../../peer/front/front.ts'
import { createLogger } from '../../server/logger.ts'
import { exitCodes } from '../failure.ts'
import { listenFailure } from '../listen-failure.ts'
import { onStopSignals } from '../stop-signals.ts'
import { type MembershipFlags, membershipOptions } from './membership-flags.ts'

export interface PeerFlags extends MembershipFlags {
  readonly listen: string
  readonly candidacy?: string
  readonly statusPath?: string
  /** The command to start, with its arguments; empty: the server runs already. */
  readonly command: readonly string[]
}

/** Resolves with the exit code: that of the command, when there is one. */
export async function runPeer(flags: PeerFlags): Promise<number> {
  const { target, command, candidacy, statusPath } = flags
  const stopping = new AbortController()
  const off = onStopSignals({
    first: () => stopping.abort(),
    second: () => process.exit(exitCodes.failure),
  })
  // Standard output belongs to the command.
  const { log } = createLogger('info', 2)
  try {
    return await runFront({
      ...membershipOptions(flags, complain),
      target,
      listen: parseEndpoint(flags.listen) ?? { host: '127.0.0.1', port: 0 },
      command,
      signal: stopping.signal,
      log,
      listening: ({ address, port }) => {
        log.info({ listen: hostPortText({ host: address, port }), target }, 'listening')
      },
      ...present({ candidacy, statusPath }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    const { message, exitCode } =
      error.code === 'LISTEN' || error.code === 'NATS_MISSING'
        ? listenFailure(error, 'topspin peer --listen HOST:PORT ...')
        : { message: error.message, exitCode: exitCodes.usage }
    complain(message)
    return exitCode
  } finally {
    off()
  }
}

const complain = (text: string): void => void process.stderr.write(`topspin peer: ${text}\n`)
