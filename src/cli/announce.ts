// `topspin announce`: a server of any kind among peers, with flags; the key may come from the environment,
// where other users of the machine do not see it.

import { TopspinError } from '../base/errors.ts'
import { announceTarget } from '../peer/announce-target.ts'
import { exitCodes } from './exit-codes.ts'
import { createLogger } from './logger.ts'
import type { AnnounceFlags } from './program.ts'
import { onStopSignals } from './stop-signals.ts'

/** Resolves with the exit code when it was told to stop. */
export async function runAnnounce(flags: AnnounceFlags): Promise<number> {
  const over = new AbortController()
  const end = (): void => over.abort()
  const keepAlive = setInterval(() => {}, 60_000)
  const forget = onStopSignals({ begin: end, now: () => process.exit(exitCodes.failure) })
  const keys = flags.key ?? keysFrom(process.env['TOPSPIN_KEY'])
  try {
    await announceTarget({
      target: flags.target,
      group: flags.group,
      signal: over.signal,
      log: createLogger('info', process.stdout),
      ...(keys === undefined ? {} : { key: keys }),
      ...(flags.context === undefined ? {} : { contexts: flags.context }),
      ...(flags.advertise === undefined ? {} : { advertise: flags.advertise }),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.interface === undefined ? {} : { interface: flags.interface }),
      ...(flags.periodMs === undefined ? {} : { periodMs: flags.periodMs }),
      ...(flags.ttl === undefined ? {} : { ttl: flags.ttl }),
      ...(flags.capacity === undefined ? {} : { capacity: flags.capacity }),
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

function keysFrom(text: string | undefined): string[] | undefined {
  return text === undefined || text === '' ? undefined : [text]
}
