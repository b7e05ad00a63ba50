// The rows of one table that are taken, and the next free one: tables are bounded, and a row is used again,
// lowest first, as in httpd's INFO. Made for one message.

export class Slots {
  readonly #taken: ReadonlySet<number>
  readonly #max: number
  #next = 0
  /** Rows that may still be taken. */
  free: number

  constructor(taken: ReadonlySet<number>, max: number) {
    this.#taken = taken
    this.#max = max
    this.free = Math.max(0, this.#max - taken.size)
  }

  /** The lowest free row; `undefined` when the table is full. */
  take(): number | undefined {
    if (this.free === 0) return undefined
    this.free -= 1
    while (this.#taken.has(this.#next)) this.#next += 1
    return this.#next++
  }
}
