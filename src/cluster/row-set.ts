// The rows of a table that are in use, as an immutable bitmap: a copy of 100,000 rows is 12 kB. Used by snapshots.

const wordBits = 32

export class RowSet {
  /** No # fields: two sets of the same rows are equal for `deepEqual`, too. */
  private readonly words: Uint32Array
  readonly size: number

  private constructor(words: Uint32Array, size: number) {
    this.words = words
    this.size = size
  }

  static readonly empty: RowSet = new RowSet(new Uint32Array(0), 0)

  has(row: number): boolean {
    return isSet(this.words, row)
  }

  /** A copy with the rows of `gone` free and then those of `taken` in use. */
  with(gone: Iterable<number>, taken: Iterable<number>): RowSet {
    const rows = [...taken]
    const last = rows.reduce((most, row) => Math.max(most, row), -1)
    const words = new Uint32Array(Math.max(this.words.length, wordsFor(last + 1)))
    words.set(this.words)
    let { size } = this
    for (const row of gone) {
      if (!isSet(words, row)) continue
      words[row >>> 5] = (words[row >>> 5] as number) & ~(1 << (row & 31))
      size -= 1
    }
    for (const row of rows) {
      if (isSet(words, row)) continue
      words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31))
      size += 1
    }
    return new RowSet(words, size)
  }

  /** The lowest free row from this one on. */
  lowestFree(from = 0): number {
    const { words } = this
    let word = from >>> 5
    // The rows before `from` count as used.
    let free = ~(words[word] ?? 0) & (-1 << (from & 31))
    while (free === 0) {
      word += 1
      free = ~(words[word] ?? 0)
    }
    return word * wordBits + 31 - Math.clz32(free & -free)
  }
}

const isSet = (words: Uint32Array, row: number): boolean =>
  ((words[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0

/** A power of two, so that few copies grow. */
const wordsFor = (rows: number): number =>
  rows === 0 ? 0 : 2 ** Math.ceil(Math.log2(Math.ceil(rows / wordBits)))
