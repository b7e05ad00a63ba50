// Looks at a long list in parts, one part in each step. Used by the watch over nodes: of thousands of nodes it looks at some
// at a time, so that it never delays messages.

export class Rounds {
  #ids: readonly number[] = []
  #next = 0

  /** @param all begins the next round, once the last one is over. @param max of one part. */
  part(all: () => Iterable<number>, max: number): readonly number[] {
    if (this.#next >= this.#ids.length) {
      this.#ids = [...all()]
      this.#next = 0
    }
    const part = this.#ids.slice(this.#next, this.#next + max)
    this.#next += max
    return part
  }
}
