// A binary heap of whole numbers, each with a key; the least key comes first.

export class Heap {
  size = 0
  #keys: Float64Array = new Float64Array(64)
  #values: Int32Array = new Int32Array(64)

  /** Least key; infinite when there is none. */
  get key(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#keys[0]!
  }

  push(key: number, value: number): void {
    if (this.size === this.#keys.length) this.#grow()
    const keys = this.#keys
    const values = this.#values
    let at = this.size++
    while (at > 0) {
      const above = (at - 1) >> 1
      if (keys[above]! <= key) break
      keys[at] = keys[above]!
      values[at] = values[above]!
      at = above
    }
    keys[at] = key
    values[at] = value
  }

  /** Takes the value with the least key; there must be one. */
  pop(): number {
    const keys = this.#keys
    const values = this.#values
    const first = values[0]!
    const last = --this.size
    const key = keys[last]!
    const value = values[last]!
    let at = 0
    while (true) {
      let below = 2 * at + 1
      if (below >= last) break
      if (below + 1 < last && keys[below + 1]! < keys[below]!) below++
      if (keys[below]! >= key) break
      keys[at] = keys[below]!
      values[at] = values[below]!
      at = below
    }
    keys[at] = key
    values[at] = value
    return first
  }

  #grow(): void {
    const keys = new Float64Array(2 * this.#keys.length)
    const values = new Int32Array(keys.length)
    keys.set(this.#keys)
    values.set(this.#values)
    this.#keys = keys
    this.#values = values
  }
}
