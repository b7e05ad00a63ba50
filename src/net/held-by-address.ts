// Items that remote addresses hold of a limited resource, such as connections or handshakes. When it is used up, an
// address that holds more than the newcomer loses its oldest item, so one address cannot shut out another; otherwise the
// item leaves that has been held longest, once it has stalled. The shares of addresses are counted only from the first
// lack of room on: until then an item costs one entry of a map. Every operation takes constant time, over a lack of room
// with what led to it. Pure.

import { heldLimits } from '../base/limits.ts'
import { networkOf } from './address.ts'
import { Shares } from './shares.ts'

interface Held {
  readonly address: string
  /** Monotonic ms. */
  readonly since: number
}

export class HeldByAddress<Item> {
  /** Oldest first. */
  readonly #held: Map<Item, Held> = new Map()
  /** `undefined` while there is room. */
  #shares: Shares<Item> | undefined
  /** The shares are forgotten when fewer items than this are held. */
  #plenty = 0

  get size(): number {
    return this.#held.size
  }

  /** @param now monotonic ms. */
  hold(address: string, item: Item, now: number): void {
    this.release(item)
    this.#held.set(item, { address, since: now })
    this.#shares?.add(networkOf(address), item)
  }

  /** Without effect when the item is not held. */
  release(item: Item): void {
    if (this.#shares === undefined) {
      this.#held.delete(item)
      return
    }
    const held = this.#held.get(item)
    if (held === undefined) return
    this.#held.delete(item)
    this.#shares.delete(networkOf(held.address), item)
    if (this.#held.size < this.#plenty) this.#shares = undefined
  }

  /**
   * Releases the item that has to leave for `newcomer`.
   * @returns it; `undefined` when the newcomer has to leave.
   */
  displace(newcomer: string, now: number): Item | undefined {
    this.#shares ??= this.#count()
    const item = this.#shares.oldestOfGreatest(networkOf(newcomer)) ?? this.#oldestStalled(now)
    if (item !== undefined) this.release(item)
    return item
  }

  #count(): Shares<Item> {
    const shares = new Shares<Item>()
    for (const [item, { address }] of this.#held) shares.add(networkOf(address), item)
    this.#plenty = Math.floor(this.#held.size / 2)
    return shares
  }

  #oldestStalled(now: number): Item | undefined {
    const [oldest] = this.#held
    if (oldest === undefined || now - oldest[1].since < heldLimits.stalledMs) return undefined
    return oldest[0]
  }
}
