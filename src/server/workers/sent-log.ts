// The log of a worker: its entries are sent to the primary, which alone writes to standard output. While the primary does
// not receive them, entries are dropped and counted.

import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { DroppedLines } from '../line-output.ts'
import type { FromWorker, LogLevel } from './messages.ts'

const levels: readonly string[] = ['debug', 'info', 'warn', 'error']

export class SentLog implements Logger {
  /** The lowest level that is sent. */
  level: string
  readonly #send: (message: FromWorker, sent: () => void) => void
  readonly #dropped: DroppedLines
  /** Entries that the channel to the primary has not accepted yet. */
  #underWay = 0
  /** Entries dropped and not reported yet. */
  #unreported = 0

  constructor(
    level: string,
    send: (message: FromWorker, sent: () => void) => void,
    dropped: DroppedLines,
  ) {
    this.level = level
    this.#send = send
    this.#dropped = dropped
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
    if (this.#underWay >= workerLimits.logEntriesMax) {
      this.#unreported += 1
      this.#dropped.total += 1
      return
    }
    this.#underWay += 1
    this.#send({ kind: 'log', level, detail, message }, () => this.#sent())
  }

  #sent(): void {
    this.#underWay -= 1
    if (this.#unreported === 0) return
    const lines = this.#unreported
    this.#unreported = 0
    this.warn({ lines }, 'log lines dropped')
  }
}
