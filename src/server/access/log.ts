// The access log: one line for each request, written to a file or standard output in large blocks.

import type { Logger } from '../../base/log.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import { type DroppedLines, LineOutput } from '../line-output.ts'
import { fileTarget } from '../write-target.ts'
import { AccessLines } from './lines.ts'
import type { LineWriter } from './log-parts.ts'

export interface AccessLog {
  write(entry: AccessEntry): void
  /** The format of lines from now on; before that, JSON. */
  useFormat(format: LineWriter): void
  /** Opens the file again by its name, after a tool has renamed it (SIGHUP, SIGUSR1). Never rejects. */
  reopen(): Promise<void>
  /** Writes the remaining lines; resolves at a deadline, too. */
  close(): Promise<void>
}

/** Resolves when the file is open; rejects when it cannot be opened. A later failure is logged once while it lasts. */
export async function openAccessLog(
  path: string,
  log: Logger,
  dropped: DroppedLines,
): Promise<AccessLog> {
  const events = {
    failed: ({ message }: Error) => log.error({ reason: message }, 'access log not written'),
    dropped: (lines: number) => log.warn({ lines }, 'access log lines dropped'),
  }
  const output = new LineOutput(await fileTarget(path), events, dropped)
  const reopen = async (): Promise<void> => {
    try {
      output.replace(await fileTarget(path))
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'access log not opened again')
    }
  }
  return accessLogOn(output, reopen, () => output.close())
}

/** Writes among other lines, those of the log. */
export const accessLogAmong = (lines: LineOutput): AccessLog =>
  accessLogOn(
    lines,
    async () => {},
    () => lines.flush(),
  )

function accessLogOn(
  output: LineOutput,
  reopen: () => Promise<void>,
  end: () => Promise<void>,
): AccessLog {
  const lines = new AccessLines((text) => output.write(text))
  return {
    write: (entry) => lines.add(entry),
    useFormat: (format) => {
      lines.format = format
    },
    reopen: () => {
      lines.flush()
      return reopen()
    },
    close: () => {
      lines.close()
      return end()
    },
  }
}
