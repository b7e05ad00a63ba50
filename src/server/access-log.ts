// The access log: one line of JSON for each request, to a file or standard output, gathered into
// large writes so that it costs the traffic little.

import { once } from 'node:events'
import { pino } from 'pino'
import type { Logger } from '../base/log.ts'
import type { AccessEntry } from '../proxy/index.ts'
import { AccessLines, gatherBytes } from './access-lines.ts'

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
  const lines = new AccessLines((text) => out.write(text))
  return {
    write: (entry) => lines.add(entry),
    reopen: () => {
      lines.flush()
      if (target !== 'stdout') out.reopen()
    },
    close: () => {
      lines.close()
      out.flushSync()
    },
  }
}
