// The access log of a worker when it goes to standard output: whole lines gathered and sent to the
// primary, so that lines of several workers are never mixed. Bounded: when the primary does not keep up
// lines are dropped and counted.

import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import { AccessLines } from '../access-lines.ts'
import type { AccessLogFile } from '../access-log.ts'
import type { FromWorker } from './messages.ts'

export class LineSender implements AccessLogFile {
  readonly #send: (message: FromWorker, sent: () => void) => void
  readonly #log: Logger
  readonly #lines: AccessLines = new AccessLines((text) => this.#sendOff(text))
  /** Characters that the line to the primary has not taken yet. */
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

  /** Standard output is not a file that could have been renamed. */
  reopen(): void {}

  close(): void {
    this.#lines.close()
  }

  #sendOff(text: string): void {
    this.#underWay += text.length
    this.#send({ kind: 'lines', text }, () => {
      this.#underWay -= text.length
      if (this.#dropped === 0) return
      this.#log.warn({ lines: this.#dropped }, 'access log does not keep up: lines dropped')
      this.#dropped = 0
    })
  }
}
