// `topspin peer`: a server of any kind as a peer that hands requests over, with flags.

import { TopspinError } from '../base/errors.ts'
import { hostPortText, parseHostPort } from '../base/host-port.ts'
import { runFront } from '../peer/front/front.ts'
import { createLogger } from '../server/logger.ts'
import { exitCodes } from './exit-codes.ts'
import { listenFailure } from './listen-failure.ts'
import { membershipOf } from './membership-of.ts'
import type { PeerFlags } from './program.ts'
import { onStopSignals } from './stop-signals.ts'

/** Resolves with the exit code: that of the command, when there is one. */
export async function runPeer(flags: PeerFlags): Promise<number> {
  const over = new AbortController()
  const end = (): void => over.abort()
  const forget = onStopSignals({ begin: end, now: () => process.exit(exitCodes.failure) })
  // Standard output belongs to the command.
  const log = createLogger('info', process.stderr)
  try {
    return await runFront({
      ...membershipOf(flags),
      target: flags.target,
      listen: parseHostPort(flags.listen, 0) ?? { host: '127.0.0.1', port: 0 },
      command: flags.command,
      signal: over.signal,
      log,
      listening: ({ address, port }) => {
        const listen = hostPortText({ host: address, port })
        log.info({ listen, target: flags.target }, 'takes requests')
      },
      ...(flags.candidacy === undefined ? {} : { candidacy: flags.candidacy }),
      ...(flags.statusPath === undefined ? {} : { statusPath: flags.statusPath }),
    })
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    process.stderr.write(`topspin peer: ${error.message}\n`)
    return error.code === 'LISTEN' ? listenFailure(error, 'topspin peer').exitCode : exitCodes.usage
  } finally {
    forget()
  }
}
