// The typical one of a stream of values: a moving median, which a few very long requests (uploads,
// WebSockets) do not move, unlike a mean. Costs a comparison and a multiplication for each value.

/** Beyond the first values each one moves the estimate by so much, up or down. */
const leastStep = 0.05

export class Typical {
  /** 0 before the first value. */
  value = 0
  #count = 0

  /** @param sample above 0. */
  add(sample: number): void {
    const step = Math.max(leastStep, 1 / ++this.#count)
    const [low, high] = [this.value / (1 + step), this.value * (1 + step)]
    if (this.#count === 1) this.value = sample
    else if (sample > high) this.value = high
    else if (sample < low) this.value = low
    else this.value += (sample - this.value) * step
  }

  get count(): number {
    return this.#count
  }
}
