// Collects lines of the access log into large blocks, so that a line costs little.

import type { AccessEntry } from '../../proxy/index.ts'
import { Out } from '../../wire/http/out.ts'
import { jsonLine } from './json-line.ts'
import type { LineWriter } from './log-parts.ts'

/** A block is written at this size, bytes, and every second. */
export const blockBytes = 65_536
const flushEveryMs = 1_000

export class AccessLines {
  readonly #lines: Out = new Out(2 * blockBytes)
  readonly #write: (text: string) => void
  /** The format of lines from now on. */
  format: LineWriter = jsonLine([])
  readonly #timer: NodeJS.Timeout

  /** @param write receives whole lines. */
  constructor(write: (text: string) => void) {
    this.#write = write
    this.#timer = setInterval(() => this.flush(), flushEveryMs).unref()
  }

  add(entry: AccessEntry): void {
    this.format(entry, this.#lines)
    if (this.#lines.length >= blockBytes) this.flush()
  }

  flush(): void {
    if (this.#lines.length === 0) return
    const text = this.#lines.content.toString('latin1')
    this.#lines.clear()
    this.#write(text)
  }

  close(): void {
    clearInterval(this.#timer)
    this.flush()
  }
}
