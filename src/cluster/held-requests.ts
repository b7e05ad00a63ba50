// A doubly linked list through the requests themselves, oldest first: adding, removing and reading the oldest take
// constant time and allocate nothing.

/** One request in hand. Its owner reuses one object for successive requests. */
export class HeldRequest {
  /** The list that holds it; `undefined` while none does. */
  list: HeldRequests | undefined = undefined
  /** Start of the request, monotonic ms. */
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
