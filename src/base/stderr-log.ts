// The log of a program that has not chosen one: readable lines on standard error. Used by agents and peers.

import { Console } from 'node:console'
import { logLimits } from './limits.ts'
import type { Logger } from './log.ts'
import { readableFields } from './readable-fields.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof levels)[number] | 'off'

/** The values of an option or a variable that sets the level. */
export const logLevels: readonly LogLevel[] = [...levels, 'off']

/** `topspin: node joined proxy=127.0.0.1:6666 route=a`; a warning or an error has its level behind the colon. */
export function stderrLogAt(level: LogLevel): Logger {
  const least = level === 'off' ? levels.length : levels.indexOf(level)
  const at = (index: number, word: string) => (detail: object, message: string) => {
    if (index >= least) write(`topspin: ${word}${message}${readableFields(detail)}`)
  }
  return { debug: at(0, ''), info: at(1, ''), warn: at(2, 'warning: '), error: at(3, 'error: ') }
}

export const stderrLog: Logger = stderrLogAt('info')

let output: Console | undefined

/** A console ignores errors of its stream, as that of a pipe whose reader has ended. */
function write(line: string): void {
  if (process.stderr.writableLength > logLimits.stderrKeptMax) return
  output ??= new Console(process.stderr)
  output.log('%s', line)
}
