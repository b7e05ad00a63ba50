// Counts what is served here, for the announcements and for this server's own choices: each response from its beginning
// to its end. Upgraded connections are not counted: they last for hours and say nothing about the load.

import type { ServerResponse } from 'node:http'
import type { NodeLive } from '../../cluster/live.ts'

/** Keeps the figures that are announced. */
export interface Meter {
  /** A request is being served. @returns a token for `end`. */
  begin(): number
  /** @param token of the request's `begin`. */
  end(token: number): void
}

const tokenOf: unique symbol = Symbol('token')
type Counted = ServerResponse & { [tokenOf]?: number }

export class LocalService {
  readonly #meter: Meter
  readonly #live: () => NodeLive | undefined
  readonly #closed: (this: Counted) => void

  /** @param live of this server as a candidate; `undefined` before it is one. */
  constructor(meter: Meter, live: () => NodeLive | undefined) {
    this.#meter = meter
    this.#live = live
    const service = this
    // One listener for all responses; `this` is the response.
    this.#closed = function (this: Counted): void {
      service.#end(this[tokenOf] ?? 0)
    }
  }

  begin(response: Counted): void {
    response[tokenOf] = this.#meter.begin()
    const live = this.#live()
    if (live !== undefined) {
      live.inFlight++
      live.elected++
    }
    response.on('close', this.#closed)
  }

  #end(token: number): void {
    this.#meter.end(token)
    const live = this.#live()
    if (live !== undefined && live.inFlight > 0) live.inFlight--
  }
}
