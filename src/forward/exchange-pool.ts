// Exchanges between two requests. An idle client connection holds none, so ten thousand of them cost little more than
// their sockets.

import { Exchange } from './exchange.ts'
import type { ExchangeClient } from './exchange-client.ts'
import type { RuleStages } from './exchange-state.ts'
import type { ExchangeTraffic } from './exchange-traffic.ts'

/** Exchanges kept for later; more are dropped. */
const keptMax = 1_024

export class ExchangePool {
  readonly #free: Exchange[] = []
  readonly #ruleStages: RuleStages | undefined

  constructor(ruleStages?: RuleStages) {
    this.#ruleStages = ruleStages
  }

  lease(client: ExchangeClient, traffic: ExchangeTraffic): Exchange {
    const exchange = this.#free.pop()
    if (exchange === undefined) return new Exchange(client, traffic, this.#ruleStages)
    exchange.assign(client)
    return exchange
  }

  /** @param exchange that has settled. */
  release(exchange: Exchange): void {
    if (this.#free.length < keptMax) this.#free.push(exchange)
  }
}
