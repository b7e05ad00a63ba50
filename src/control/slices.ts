// Long answers (metrics, lists of nodes) are made one after the other, in slices between which other work has its turn:
// however many are asked for, none holds up this process for longer than one slice.

import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { measureLimits } from '../base/limits.ts'

export class Slices {
  readonly #clock: Clock
  /** The answer that is made now or next. */
  #last: Promise<void> = Promise.resolve()
  /** End of the present slice, ms of the clock. */
  #until = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param pieces each takes far less than a millisecond. */
  async text(pieces: Iterable<string>): Promise<Buffer> {
    const blocks: Buffer[] = []
    let text = ''
    await this.#each(pieces, (piece) => {
      text += piece
      if (text.length < blockLength) return
      blocks.push(Buffer.from(text))
      text = ''
    })
    return Buffer.concat([...blocks, Buffer.from(text)])
  }

  /** @param items as the pieces of a text. */
  async list<Item>(items: Iterable<Item>): Promise<readonly Item[]> {
    const list: Item[] = []
    await this.#each(items, (item) => list.push(item))
    return list
  }

  async #each<Item>(items: Iterable<Item>, take: (item: Item) => void): Promise<void> {
    const before = this.#last
    let end = (): void => {}
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    try {
      await before
      if (this.#isOver) await this.#beginSlice()
      for (const item of items) {
        take(item)
        if (this.#isOver) await this.#beginSlice()
      }
    } finally {
      end()
    }
  }

  get #isOver(): boolean {
    return this.#clock.now() >= this.#until
  }

  async #beginSlice(): Promise<void> {
    await turn()
    this.#until = this.#clock.now() + measureLimits.sliceMs
  }
}

/** Characters that are encoded at once. */
const blockLength = 65_536
