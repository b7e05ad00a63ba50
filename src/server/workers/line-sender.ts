// The access log of a worker when its destination is standard output: blocks of whole lines are sent to the primary, so
// that lines of several workers are never mixed. While the primary does not receive them, lines are dropped and counted.

import { logOutputLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import { AccessLines } from '../access/lines.ts'
import type { AccessLog } from '../access/log.ts'
import type { LineWriter } from '../access/log-parts.ts'
import type { DroppedLines } from '../line-output.ts'
import type { FromWorker } from './messages.ts'

export class LineSender implements AccessLog {
  readonly #send: (message: FromWorker, sent: () => void) => void
  readonly #log: Logger
  readonly #dropped: DroppedLines
  readonly #lines: AccessLines = new AccessLines((text) => this.#sendBlock(text))
  /** Characters that the channel to the primary has not accepted yet. */
  #underWay = 0
  /** Lines dropped and not reported yet. */
  #unreported = 0

  constructor(
    send: (message: FromWorker, sent: () => void) => void,
    log: Logger,
    dropped: DroppedLines,
  ) {
    this.#send = send
    this.#log = log
    this.#dropped = dropped
  }

  write(entry: AccessEntry): void {
    if (this.#underWay > logOutputLimits.keptMax) {
      this.#unreported += 1
      this.#dropped.total += 1
      return
    }
    this.#lines.add(entry)
  }

  useFormat(format: LineWriter): void {
    this.#lines.format = format
  }

  /** Standard output cannot be renamed. */
  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    this.#lines.close()
  }

  #sendBlock(text: string): void {
    this.#underWay += text.length
    this.#send({ kind: 'lines', text }, () => {
      this.#underWay -= text.length
      if (this.#unreported === 0) return
      this.#log.warn({ lines: this.#unreported }, 'access log lines dropped')
      this.#unreported = 0
    })
  }
}
