// Shares of remote addresses in a limited resource, such as connections or handshakes. When it is used up, an address
// that holds more than the newcomer loses its oldest item, so one address cannot shut out another; otherwise the item
// leaves that has been held longest, once it has stalled. Every operation takes constant time. Pure.

import { heldLimits } from '../base/limits.ts'
import { networkOf } from './address.ts'

interface Held {
  readonly network: string
  /** Monotonic ms. */
  readonly since: number
}

export class HeldByAddress<Item> {
  /** Oldest first. */
  readonly #held: Map<Item, Held> = new Map()
  /** The items of each network, oldest first. */
  readonly #byNetwork: Map<string, Set<Item>> = new Map()
  /** Networks by the number of items that they hold, which is the index. The last entry is not empty. */
  readonly #byCount: Set<string>[] = []

  get size(): number {
    return this.#held.size
  }

  /** @param now monotonic ms. */
  hold(address: string, item: Item, now: number): void {
    this.release(item)
    const network = networkOf(address)
    this.#held.set(item, { network, since: now })
    const items = this.#byNetwork.get(network) ?? new Set()
    items.add(item)
    this.#byNetwork.set(network, items)
    this.#recount(network, items.size - 1, items.size)
  }

  /** Without effect when the item is not held. */
  release(item: Item): void {
    const held = this.#held.get(item)
    if (held === undefined) return
    this.#held.delete(item)
    const { network } = held
    const items = this.#byNetwork.get(network) as Set<Item>
    items.delete(item)
    if (items.size === 0) this.#byNetwork.delete(network)
    this.#recount(network, items.size + 1, items.size)
  }

  /**
   * Releases the item that has to leave for `newcomer`.
   * @returns it; `undefined` when the newcomer has to leave.
   */
  displace(newcomer: string, now: number): Item | undefined {
    const item = this.#oldestOfGreatest(newcomer) ?? this.#oldestStalled(now)
    if (item !== undefined) this.release(item)
    return item
  }

  /** Of a network that still holds as many as the newcomer's afterwards. */
  #oldestOfGreatest(newcomer: string): Item | undefined {
    const greatest = this.#byCount.length - 1
    const own = this.#byNetwork.get(networkOf(newcomer))?.size ?? 0
    if (greatest < own + 2) return undefined
    const [network = ''] = this.#byCount[greatest] ?? []
    const [item] = this.#byNetwork.get(network) ?? []
    return item
  }

  #oldestStalled(now: number): Item | undefined {
    const [oldest] = this.#held
    if (oldest === undefined || now - oldest[1].since < heldLimits.stalledMs) return undefined
    return oldest[0]
  }

  #recount(network: string, before: number, after: number): void {
    this.#byCount[before]?.delete(network)
    if (after > 0) {
      this.#byCount[after] ??= new Set()
      this.#byCount[after].add(network)
    }
    while (this.#byCount.length > 0 && !this.#byCount.at(-1)?.size) this.#byCount.pop()
  }
}
