// How many items each network holds, and the oldest item of the network that holds most. Every operation takes constant
// time. Pure.

export class Shares<Item> {
  /** The items of each network, oldest first. */
  readonly #byNetwork: Map<string, Set<Item>> = new Map()
  /** Networks by the number of items that they hold, which is the index. The last entry is not empty. */
  readonly #byCount: Set<string>[] = []

  add(network: string, item: Item): void {
    const items = this.#byNetwork.get(network) ?? new Set()
    items.add(item)
    this.#byNetwork.set(network, items)
    this.#recount(network, items.size - 1, items.size)
  }

  /** `item` must be held by `network`. */
  delete(network: string, item: Item): void {
    const items = this.#byNetwork.get(network) as Set<Item>
    items.delete(item)
    if (items.size === 0) this.#byNetwork.delete(network)
    this.#recount(network, items.size + 1, items.size)
  }

  /** Of a network that still holds as many as `newcomer` afterwards. */
  oldestOfGreatest(newcomer: string): Item | undefined {
    const greatest = this.#byCount.length - 1
    const own = this.#byNetwork.get(newcomer)?.size ?? 0
    if (greatest < own + 2) return undefined
    const [network = ''] = this.#byCount[greatest] ?? []
    const [item] = this.#byNetwork.get(network) ?? []
    return item
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
