// The log of the program: lines of JSON by pino, or on a terminal readable lines.

import { isatty } from 'node:tty'
import { pino } from 'pino'
import type { Logger } from '../base/log.ts'
import { printableJson } from '../base/printable.ts'
import { readableFields } from '../base/readable-fields.ts'
import { LineOutput } from './line-output.ts'
import { standardTarget } from './write-target.ts'

/** A reload changes its level. */
interface LeveledLog extends Logger {
  level: string
}

export interface ProgramLog {
  readonly log: LeveledLog
  /** Where the lines of the log go; other lines may be written among them. */
  readonly lines: LineOutput
}

/**
 * Writes to standard output (1) or standard error (2). A log that cannot be written is reported once on standard error,
 * and stops nothing.
 */
export function createLogger(level: string, fd: 1 | 2): ProgramLog {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: levelByName },
  }
  const lines = new LineOutput(standardTarget(fd), {
    failed: reportOnce(fd),
    dropped: (count) => log.warn({ lines: count }, 'log lines dropped'),
  })
  const isReadable = isatty(fd)
  const colours = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  const log = pino(options, {
    write: (line: string) =>
      lines.write(isReadable ? readableLine(line, colours) : shownLine(line)),
  })
  return { log, lines }
}

/** A line of JSON as a terminal may show it, for `tail` and the like: names in it come from the network. */
export const shownLine = (line: string): string => `${printableJson(line.trimEnd())}\n`

/** `14:03:07 warn  node is down route=a reason="connection refused"` from a line of JSON. */
export function readableLine(json: string, colours: boolean): string {
  const { level, time, msg, ...detail } = JSON.parse(json) as Record<string, unknown>
  const clock = String(time).slice(11, 19)
  const word = String(level).padEnd(5)
  return `${clock} ${colours ? paint(word) : word} ${msg ?? ''}${readableFields(detail)}\n`
}

/** Reports the first failure on standard error, unless that is the failed output. */
function reportOnce(fd: 1 | 2): (error: Error) => void {
  let isReported = false
  return (error) => {
    if (isReported || fd === 2) return
    isReported = true
    process.stderr.once('error', () => {})
    process.stderr.write(`topspin: the log cannot be written: ${error.message}\n`)
  }
}

function levelByName(label: string): { level: string } {
  return { level: label }
}

function paint(word: string): string {
  if (word.startsWith('error')) return `\x1b[31m${word}\x1b[0m`
  if (word.startsWith('warn')) return `\x1b[33m${word}\x1b[0m`
  return `\x1b[2m${word}\x1b[0m`
}
