// A queue of received bytes in one contiguous buffer, for the frame reader. Appending is amortised constant time, and bytes
// are searched once.

const smallBytes = 512

export class ByteQueue {
  #bytes: Buffer = Buffer.alloc(smallBytes)
  #start = 0
  #end = 0
  /** End of the last unsuccessful search, relative to the start. */
  #searched = 0

  get length(): number {
    return this.#end - this.#start
  }

  push(bytes: Uint8Array): void {
    const needed = this.length + bytes.length
    if (this.#end + bytes.length > this.#bytes.length) {
      const target =
        needed > this.#bytes.length
          ? Buffer.alloc(Math.max(needed, 2 * this.#bytes.length))
          : this.#bytes
      this.#bytes.copy(target, 0, this.#start, this.#end)
      this.#end = this.length
      this.#start = 0
      this.#bytes = target
    }
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  startsWith(text: string): boolean {
    return (
      this.length >= text.length &&
      this.#bytes.toString('latin1', this.#start, this.#start + text.length) === text
    )
  }

  /** Offset of ASCII text from the start, or -1. Until it is found, no other text may be searched for. */
  indexOf(text: string): number {
    const at = this.#bytes
      .subarray(0, this.#end)
      .indexOf(text, this.#start + this.#searched, 'latin1')
    if (at >= 0) return at - this.#start
    this.#searched = Math.max(0, this.length - text.length + 1)
    return -1
  }

  /** Removes the first bytes. @returns a copy of them. */
  shift(count: number): Uint8Array {
    const first = Uint8Array.prototype.slice.call(this.#bytes, this.#start, this.#start + count)
    this.skip(count)
    return first
  }

  skip(count: number): void {
    this.#start += count
    this.#searched = 0
    if (this.length > 0) return
    this.#start = 0
    this.#end = 0
    // An idle connection must not keep the memory of a large message.
    if (this.#bytes.length > 16 * smallBytes) this.#bytes = Buffer.alloc(smallBytes)
  }
}
