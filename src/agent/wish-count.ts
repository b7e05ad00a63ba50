// Counts what this node wants, for proxies that share a registry: they know its later message from an earlier one that hung in
// one of them (wire/mcmp/node-order.ts). Used by membership.ts.

import type { NodeOrder } from '../wire/mcmp/message.ts'

export class WishCount {
  #run: number
  #change = 1

  /** @param now start of this process, ms since 1970. */
  constructor(now: number) {
    this.#run = now
  }

  /** Of what the node wants now. */
  get present(): NodeOrder {
    return [this.#run, this.#change]
  }

  /** The node wants something else from now on. */
  next(): NodeOrder {
    this.#change += 1
    return this.present
  }

  /** Of what concerns one proxy alone: proxies that share a registry pass over it. */
  get passedOver(): NodeOrder {
    return [this.#run, this.#change - 1]
  }

  /**
   * The proxies know something that is later than what this process wants, so another process has said it before: the clock
   * was set back.
   * @returns whether this process counts from a later number now, and has to say again what it wants.
   */
  outdo([run, change]: NodeOrder): boolean {
    if ((run - this.#run || change - this.#change) <= 0) return false
    this.#run = run + 1
    return true
  }
}
