// The access log of a worker when it goes to standard output: whole lines gathered and sent to the
// primary, so that lines of several workers are never mixed. Bounded: when the primary does not keep up
// lines are dropped and counted.

import { workerLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import { Out } from '../../wire/http/out.ts'
import { writeAccessLine } from '../access-line.ts'
import { type AccessLogFile, flushEveryMs, gatherBytes } from '../access-log.ts'
import type { FromWorker } from './messages.ts'

export class LineSender implements AccessLogFile {
  readonly #send: (message: FromWorker, sent: () => void) => void
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  readonly #lines: Out = new Out(2 * gatherBytes)
  /** Characters that the line to the primary has not taken yet. */
  #underWay = 0
  #dropped = 0

  constructor(send: (message: FromWorker, sent: () => void) => void, log: Logger) {
    this.#send = send
    this.#log = log
    this.#timer = setInterval(() => this.#flush(), flushEveryMs).unref()
  }

  write(entry: AccessEntry): void {
    if (this.#underWay > workerLimits.logBytesMax) {
      this.#dropped += 1
      return
    }
    writeAccessLine(entry, this.#lines)
    if (this.#lines.length >= gatherBytes) this.#flush()
  }

  /** Standard output is not a file that could have been renamed. */
  reopen(): void {}

  close(): void {
    clearInterval(this.#timer)
    this.#flush()
  }

  #flush(): void {
    if (this.#lines.length === 0) return
    const text = this.#lines.content.toString('latin1')
    this.#lines.clear()
    this.#underWay += text.length
    this.#send({ kind: 'lines', text }, () => {
      this.#underWay -= text.length
      if (this.#dropped === 0) return
      this.#log.warn({ lines: this.#dropped }, 'access log does not keep up: lines dropped')
      this.#dropped = 0
    })
  }
}
