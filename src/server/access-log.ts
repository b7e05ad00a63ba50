// The access log: one line of JSON for each request, written to a file or standard output in large blocks.

import { once } from 'node:events'
import { pino } from 'pino'
import type { Logger } from '../base/log.ts'
import type { AccessEntry } from '../proxy/index.ts'
import { AccessLines, blockBytes } from './access-lines.ts'

export interface AccessLogFile {
  write(entry: AccessEntry): void
  /** Opens the file again by its name, after a tool has renamed it (SIGHUP). */
  reopen(): void
  /** Writes the remaining lines. */
  close(): void
}

/** Upper limit of lines kept while the disk is full, bytes; further lines are dropped. */
const keptBytesMax = 4_194_304

/** Resolves when the file is open; rejects when it cannot be opened. A later failure is logged once while it lasts. */
export async function openAccessLog(target: string, log: Logger): Promise<AccessLogFile> {
  const dest = target === 'stdout' ? 1 : target
  // Lines are collected here: pino would measure all collected lines at each further one.
  const limits = { maxWrite: 2 * blockBytes, maxLength: keptBytesMax }
  const out = pino.destination({ dest, sync: false, ...limits })
  if (target !== 'stdout') await once(out, 'ready')
  let isFailing = false
  out.on('error', (error: Error) => {
    if (!isFailing) log.error({ reason: error.message }, 'access log not written')
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
