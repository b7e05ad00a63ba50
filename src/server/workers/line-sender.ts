// The access log of a worker when its destination is standard output: blocks of whole lines are sent to the primary, so
// that lines of several workers are never mixed. When the primary is too slow, lines are dropped and counted.

import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import { AccessLines } from '../access-lines.ts'
import type { AccessLogFile } from '../access-log.ts'
import type { FromWorker } from './messages.ts'

export class LineSender implements AccessLogFile {
  readonly #send: (message: FromWorker, sent: () => void) => void
  readonly #log: Logger
  readonly #lines: AccessLines = new AccessLines((text) => this.#sendBlock(text))
  /** Characters that the channel to the primary has not accepted yet. */
  #underWay = 0
  #dropped = 0

  constructor(send: (message: FromWorker, sent: () => void) => void, log: Logger) {
    this.#send = send
    this.#log = log
  }

  write(entry: AccessEntry): void {
    if (this.#underWay > workerLimits.logBytesMax) {
      this.#dropped += 1
      return
    }
    this.#lines.add(entry)
  }

  /** Standard output cannot be renamed. */
  reopen(): void {}

  close(): void {
    this.#lines.close()
  }

  #sendBlock(text: string): void {
    this.#underWay += text.length
    this.#send({ kind: 'lines', text }, () => {
      this.#underWay -= text.length
      if (this.#dropped === 0) return
      this.#log.warn({ lines: this.#dropped }, 'access log too slow: lines dropped')
      this.#dropped = 0
    })
  }
}
