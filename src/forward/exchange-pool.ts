// Exchanges that are between two requests. A kept-alive connection without a request holds none, so
// ten thousand of them cost little more than their sockets.

import type { ExchangeClient } from './client/exchange-client.ts'
import { Exchange } from './exchange.ts'
import type { Traffic } from './traffic/traffic.ts'

/** More than this many at a time are made and dropped. */
const keptMax = 1_024

export class ExchangePool {
  readonly #free: Exchange[] = []

  lease(client: ExchangeClient, traffic: Traffic): Exchange {
    const exchange = this.#free.pop()
    if (exchange === undefined) return new Exchange(client, traffic)
    exchange.client = client
    return exchange
  }

  /** The exchange has settled. */
  release(exchange: Exchange): void {
    if (this.#free.length < keptMax) this.#free.push(exchange)
  }
}
