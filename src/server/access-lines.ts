// Lines of the access log on their way out, gathered into large pieces so that they cost the traffic little.

import type { AccessEntry } from '../proxy/index.ts'
import { Out } from '../wire/http/out.ts'
import { writeAccessLine } from './access-line.ts'

/** A piece leaves when it has this many bytes, and every second. */
export const gatherBytes = 65_536
const flushEveryMs = 1_000

export class AccessLines {
  readonly #lines: Out = new Out(2 * gatherBytes)
  readonly #take: (text: string) => void
  readonly #timer: NodeJS.Timeout

  /** @param take gets whole lines. */
  constructor(take: (text: string) => void) {
    this.#take = take
    this.#timer = setInterval(() => this.flush(), flushEveryMs).unref()
  }

  add(entry: AccessEntry): void {
    writeAccessLine(entry, this.#lines)
    if (this.#lines.length >= gatherBytes) this.flush()
  }

  flush(): void {
    if (this.#lines.length === 0) return
    const text = this.#lines.content.toString('latin1')
    this.#lines.clear()
    this.#take(text)
  }

  close(): void {
    clearInterval(this.#timer)
    this.flush()
  }
}
