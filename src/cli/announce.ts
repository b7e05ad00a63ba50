// `topspin announce`: a server of any kind among peers, with flags.

import { TopspinError } from '../base/errors.ts'
import { announceTarget } from '../peer/membership/announce-target.ts'
import { createLogger } from '../server/logger.ts'
import { exitCodes } from './exit-codes.ts'
import { membershipOf } from './membership-of.ts'
import type { AnnounceFlags } from './program.ts'
import { onStopSignals } from './stop-signals.ts'

/** Resolves with the exit code when it was told to stop. */
export async function runAnnounce(flags: AnnounceFlags): Promise<number> {
  const over = new AbortController()
  const end = (): void => over.abort()
  const keepAlive = setInterval(() => {}, 60_000)
  const forget = onStopSignals({ begin: end, now: () => process.exit(exitCodes.failure) })
  try {
    await announceTarget({
      ...membershipOf(flags),
      target: flags.target,
      signal: over.signal,
      log: createLogger('info', process.stdout),
    })
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof TopspinError)) throw error
    process.stderr.write(`topspin announce: ${error.message}\n`)
    return exitCodes.usage
  } finally {
    clearInterval(keepAlive)
    forget()
  }
}
