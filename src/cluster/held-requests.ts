// Requests as a doubly linked list through the requests themselves, oldest first: adding, removing and looking
// at the oldest one cost the same however many there are, and allocate nothing.

/** One request in hand; its owner makes the object once and uses it for one request after another. */
export class HeldRequest {
  /** The list it is in; `undefined` while it is in none. */
  list: HeldRequests | undefined = undefined
  /** When it began, monotonic ms. */
  beganAt = 0
  older: HeldRequest | undefined = undefined
  newer: HeldRequest | undefined = undefined
}

export class HeldRequests {
  size = 0
  oldest: HeldRequest | undefined = undefined
  #newest: HeldRequest | undefined = undefined

  /** @param request in no list. */
  add(request: HeldRequest): void {
    const before = this.#newest
    request.list = this
    request.older = before
    if (before === undefined) this.oldest = request
    else before.newer = request
    this.#newest = request
    this.size++
  }

  /** @param request in this list. */
  delete(request: HeldRequest): void {
    const { older, newer } = request
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    request.list = undefined
    request.older = undefined
    request.newer = undefined
    this.size--
  }
}
