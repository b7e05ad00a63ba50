// Delays bytes for a moment, so that they leave in one write with those that follow. One timer serves all
// connections of a process.

/** A connection with delayed bytes. */
export interface Corked {
  /** Sends the delayed bytes. */
  uncork(): void
}

/** Longest delay, ms. */
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
