// The access log: one line of JSON for each request, to a file or standard output, gathered into
// large writes so that it costs the traffic little.

import { once } from 'node:events'
import { pino } from 'pino'
import type { Logger } from '../base/log.ts'
import type { AccessEntry } from '../proxy/index.ts'
import { Out } from '../wire/http/out.ts'
import { writeAccessLine } from './access-line.ts'

/** Lines are written when this many bytes have come together, and every second. */
export const gatherBytes = 65_536
export const flushEveryMs = 1_000

export interface AccessLogFile {
  write(entry: AccessEntry): void
  /** Opens the file again under its name, for tools that rename it (SIGHUP). */
  reopen(): void
  /** Writes what is left. */
  close(): void
}

/** Lines that cannot be written now (a full disk) are kept up to so many bytes, then dropped. */
const keptBytesMax = 4_194_304

/** Resolves when the file is open; rejects when it cannot be opened. Later failures are told once each time they begin. */
export async function openAccessLog(target: string, log: Logger): Promise<AccessLogFile> {
  const dest = target === 'stdout' ? 1 : target
  // Gathered here and not by pino, which measures all that it has gathered at every line.
  const limits = { maxWrite: 2 * gatherBytes, maxLength: keptBytesMax }
  const out = pino.destination({ dest, sync: false, ...limits })
  if (target !== 'stdout') await once(out, 'ready')
  let isFailing = false
  out.on('error', (error: Error) => {
    if (!isFailing) log.error({ reason: error.message }, 'access log cannot be written')
    isFailing = true
  })
  out.on('write', () => {
    isFailing = false
  })
  const lines = new Out(2 * gatherBytes)
  const flush = (): void => {
    if (lines.length > 0) out.write(lines.content.toString('latin1'))
    lines.clear()
  }
  const timer = setInterval(flush, flushEveryMs).unref()
  return {
    write: (entry) => {
      writeAccessLine(entry, lines)
      if (lines.length >= gatherBytes) flush()
    },
    reopen: () => {
      flush()
      if (target !== 'stdout') out.reopen()
    },
    close: () => {
      clearInterval(timer)
      flush()
      out.flushSync()
    },
  }
}
