// The bytes of a request that is handed over, kept as long as it can still be served here when no peer answers.

import { handOverLimits } from '../../base/limits.ts'
import type { Traffic } from '../../forward/index.ts'
import type { Out } from '../../wire/http/out.ts'

export class KeptRequest {
  readonly #buffers: Traffic['buffers']
  #out: Out | undefined
  #headBytes = 0

  constructor(buffers: Traffic['buffers']) {
    this.#buffers = buffers
  }

  /** Head and body as they arrived; `undefined` when nothing is kept. The buffer is used again after `drop`. */
  get content(): Buffer | undefined {
    return this.#out?.content
  }

  /** Keeps bytes[from..to): the head, which ends at `bodyFrom`, and the first piece of the body. */
  keep(bytes: Buffer, from: number, bodyFrom: number, to: number): void {
    this.#headBytes = bodyFrom - from
    this.#out = this.#buffers.leaseOut()
    this.#out.copy(bytes, from, to)
  }

  /** Keeps bytes[0..to) of the body, too, unless it has become long or the request must not be executed twice. */
  addBody(bytes: Buffer, to: number, isIdempotent: boolean): void {
    const out = this.#out
    if (out === undefined) return
    const isLong = out.length - this.#headBytes + to > handOverLimits.keptBodyBytesMax
    if (isLong || !isIdempotent) this.drop()
    else out.copy(bytes, 0, to)
  }

  drop(): void {
    if (this.#out !== undefined) this.#buffers.releaseOut(this.#out)
    this.#out = undefined
  }
}
