// Counts what is served here, for the announcements and for this server's own choices: each response from
// its beginning to its end. Upgraded connections last for hours and say nothing about the load.

import type { ServerResponse } from 'node:http'
import type { NodeLive } from '../../cluster/live.ts'

/** Keeps the figures that are announced. */
export interface Meter {
  /** A request is served here from now on; gives what `end` wants to know. */
  begin(): number
  end(begunAt: number): void
}

const begunAt = Symbol('begunAt')

export class LocalService {
  readonly #meter: Meter
  readonly #live: () => NodeLive | undefined
  readonly #finish: (this: ServerResponse) => void

  /** @param live of this server, when it is known among the peers. */
  constructor(meter: Meter, live: () => NodeLive | undefined) {
    this.#meter = meter
    this.#live = live
    const service = this
    // One function for all responses; `this` is the response.
    this.#finish = function (this: ServerResponse): void {
      service.#end((this as unknown as Record<symbol, number>)[begunAt] ?? 0)
    }
  }

  begin(response: ServerResponse): void {
    ;(response as unknown as Record<symbol, number>)[begunAt] = this.#meter.begin()
    const live = this.#live()
    if (live !== undefined) {
      live.inFlight++
      live.elected++
    }
    response.on('close', this.#finish)
  }

  #end(begun: number): void {
    this.#meter.end(begun)
    const live = this.#live()
    if (live !== undefined && live.inFlight > 0) live.inFlight--
  }
}
