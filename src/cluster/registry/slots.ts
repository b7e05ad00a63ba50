// Allocates rows of a bounded table, the lowest free one first, as in httpd's INFO. Made for one message.

import type { RowSet } from '../row-set.ts'

export class Slots {
  readonly #used: RowSet
  readonly #max: number
  #next = 0
  /** Number of free rows. */
  free: number

  constructor(used: RowSet, max: number) {
    this.#used = used
    this.#max = max
    this.free = Math.max(0, this.#max - used.size)
  }

  /** The lowest free row; `undefined` when the table is full. */
  allocate(): number | undefined {
    if (this.free === 0) return undefined
    this.free -= 1
    const row = this.#used.lowestFree(this.#next)
    this.#next = row + 1
    return row
  }
}
