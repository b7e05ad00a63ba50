// `topspin announce`: announces a server of any kind to peers, with flags.

import { TopspinError } from '../../base/errors.ts'
import { announceTarget } from '../../peer/membership/announce-target.ts'
import { createLogger } from '../../server/logger.ts'
import { exitCodes } from '../failure.ts'
import { onStopSignals } from '../stop-signals.ts'
import { type MembershipFlags, membershipOptions } from './membership-flags.ts'

/** Resolves with the exit code when a signal has ended it. */
export async function runAnnounce(flags: MembershipFlags): Promise<number> {
  const stopping = new AbortController()
  const keepAlive = setInterval(() => {}, 60_000)
  const off = onStopSignals({
    first: () => stopping.abort(),
    second: () => process.exit(exitCodes.failure),
  })
  try {
    await announceTarget({
      ...membershipOptions(flags, complain),
      target: flags.target,
      signal: stopping.signal,
      log: createLogger('info', 1).log,
    })
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    complain(error.message)
    return exitCodes.usage
  } finally {
    clearInterval(keepAlive)
    off()
  }
}

const complain = (text: string): void => void process.stderr.write(`topspin announce: ${text}\n`)
