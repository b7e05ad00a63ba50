// Bytes that wait a moment for more, so that they leave in one write: one timer for all connections of
// a process.

/** Something that holds bytes back. */
export interface Corked {
  /** Sends what is held. */
  uncork(): void
}

/** How long bytes wait at most, ms. */
const heldMs = 2

export class Corks {
  readonly #held: Set<Corked> = new Set()
  #timer: NodeJS.Timeout | undefined

  add(corked: Corked): void {
    this.#held.add(corked)
    this.#timer ??= setTimeout(() => this.#uncork(), heldMs)
  }

  delete(corked: Corked): void {
    this.#held.delete(corked)
  }

  #uncork(): void {
    this.#timer = undefined
    const held = [...this.#held]
    this.#held.clear()
    for (const corked of held) corked.uncork()
  }
}
