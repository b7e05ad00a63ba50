// Finds where the body of a request ends that the server here parses: what arrives after it is the next request.

import { BodyRelay } from '../../wire/http/body-relay.ts'
import type { Out } from '../../wire/http/out.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

export class ServedBody {
  readonly #scratch: Out
  #body: BodyRelay | undefined

  /** @param scratch empty between two calls. */
  constructor(scratch: Out) {
    this.#scratch = scratch
  }

  /** All of the present body has arrived. */
  get isComplete(): boolean {
    return this.#body?.done !== false
  }

  /** Begins with bytes[at..end) after this head. @returns false when they hold more than its body, or no valid body. */
  begin(head: RequestHead, bytes: Buffer, at: number, end: number): boolean {
    if (!head.hasBody) {
      if (this.#body !== undefined) this.#body.done = true
      return at === end
    }
    this.#body ??= new BodyRelay()
    this.#body.begin(head.chunked ? 'chunked' : 'length', head.contentLength, 'same')
    return this.add(bytes, at, end)
  }

  /** Goes on with bytes[at..end). @returns as `begin`. */
  add(bytes: Buffer, at: number, end: number): boolean {
    const body = this.#body
    if (body === undefined) return at === end
    if (body.passes(at, end)) return true
    const behind = body.relay(bytes, at, end, this.#scratch)
    this.#scratch.clear()
    return behind === end
  }
}
