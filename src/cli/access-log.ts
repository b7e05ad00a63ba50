// The access log: one line of JSON for each request, to a file or standard output, gathered into
// large writes so that it costs the traffic little.

import { once } from 'node:events'
import { pino } from 'pino'
import type { AccessEntry } from '../proxy/index.ts'

/** Lines are written when this many bytes have come together, and every second. */
export const gatherBytes = 8_192
export const flushEveryMs = 1_000

export interface AccessLogFile {
  write(entry: AccessEntry): void
  /** Opens the file again under its name, for tools that rename it (SIGHUP). */
  reopen(): void
  /** Writes what is left. */
  close(): void
}

/** Resolves when the file is open; rejects when it cannot be opened. */
export async function openAccessLog(target: string): Promise<AccessLogFile> {
  const dest = target === 'stdout' ? 1 : target
  const out = pino.destination({ dest, sync: false, minLength: gatherBytes })
  if (target !== 'stdout') await once(out, 'ready')
  const timer = setInterval(() => out.flush(), flushEveryMs)
  timer.unref()
  return {
    write: (entry) => {
      const durationMs = Math.round(entry.durationMs * 1_000) / 1_000
      out.write(`${JSON.stringify({ ...entry, durationMs })}\n`)
    },
    reopen: () => {
      if (target !== 'stdout') out.reopen()
    },
    close: () => {
      clearInterval(timer)
      out.flushSync()
    },
  }
}
