// The log of a worker: its entries are sent to the primary, which alone writes to standard output.

import type { Logger } from '../../base/log.ts'
import type { FromWorker, LogLevel } from './messages.ts'

const levels: readonly string[] = ['debug', 'info', 'warn', 'error']

export class SentLog implements Logger {
  /** The lowest level that is sent. */
  level: string
  readonly #send: (message: FromWorker) => void

  constructor(level: string, send: (message: FromWorker) => void) {
    this.level = level
    this.#send = send
  }

  debug(detail: object, message: string): void {
    this.#log('debug', detail, message)
  }
  info(detail: object, message: string): void {
    this.#log('info', detail, message)
  }
  warn(detail: object, message: string): void {
    this.#log('warn', detail, message)
  }
  error(detail: object, message: string): void {
    this.#log('error', detail, message)
  }

  #log(level: LogLevel, detail: object, message: string): void {
    if (levels.indexOf(level) < levels.indexOf(this.level)) return
    this.#send({ kind: 'log', level, detail, message })
  }
}
