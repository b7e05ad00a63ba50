// Allocates rows of a bounded table, the lowest free one first, as in httpd's INFO. Made for one message.

export class Slots {
  readonly #used: ReadonlySet<number>
  readonly #max: number
  #next = 0
  /** Number of free rows. */
  free: number

  constructor(used: ReadonlySet<number>, max: number) {
    this.#used = used
    this.#max = max
    this.free = Math.max(0, this.#max - used.size)
  }

  /** The lowest free row; `undefined` when the table is full. */
  allocate(): number | undefined {
    if (this.free === 0) return undefined
    this.free -= 1
    while (this.#used.has(this.#next)) this.#next += 1
    return this.#next++
  }
}
