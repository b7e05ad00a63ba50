// Counters that only grow, read once in each slot: how much they grew in the last minute.

/** Slots in a minute. */
const span = 12
const readings = span + 1

export class Growth {
  readonly #width: number
  readonly #ring: Float64Array
  #count = 0

  /** @param width number of counters. */
  constructor(width: number) {
    this.#width = width
    this.#ring = new Float64Array(width * readings)
  }

  read(counters: readonly number[]): void {
    // A node that has joined anew counts from 0.
    if (this.#count > 0 && counters.some((value, index) => value < this.#value(0, index)))
      this.#count = 0
    const place = this.#count % readings
    for (let index = 0; index < this.#width; index++)
      this.#ring[place * this.#width + index] = counters[index] ?? 0
    this.#count++
  }

  /** Growth of a counter in the last minute, or since the first reading. */
  of(index: number): number {
    const back = Math.min(this.#count, readings) - 1
    return back < 1 ? 0 : this.#value(0, index) - this.#value(back, index)
  }

  /** @param back readings ago. */
  #value(back: number, index: number): number {
    const place = (this.#count - 1 - back) % readings
    return this.#ring[place * this.#width + index] ?? 0
  }
}
