// Counts requests that are served here, for the announcements and for this server's own choices: each response from its
// beginning to its end. Upgraded connections are not counted: they last for hours and say nothing about the load.

import type { ServerResponse } from 'node:http'
import { HeldRequest } from '../../cluster/held-requests.ts'
import type { NodeLive } from '../../cluster/live.ts'
import type { ServiceOutcome } from '../membership/service-meter.ts'

/** Keeps the figures that are announced, and the room that is left here. */
interface Meter {
  /** A request is being served. */
  begin(request: HeldRequest): void
  /** The request, which has begun, is over. */
  end(request: HeldRequest, outcome: ServiceOutcome): void
}

const held: unique symbol = Symbol('held request')
type Counted = ServerResponse & { [held]?: HeldRequest | undefined }

export class LocalService {
  readonly #meter: Meter
  readonly #live: () => NodeLive | undefined
  readonly #closed: (this: Counted) => void
  /** Of requests that are over, to be used again. */
  readonly #spare: HeldRequest[] = []

  /** @param live of this server as a candidate; `undefined` before it is one. */
  constructor(meter: Meter, live: () => NodeLive | undefined) {
    this.#meter = meter
    this.#live = live
    const service = this
    // One listener for all responses; `this` is the response.
    this.#closed = function (this: Counted): void {
      service.#end(this)
    }
  }

  begin(response: Counted): void {
    const request = this.#spare.pop() ?? new HeldRequest()
    this.#meter.begin(request)
    response[held] = request
    const live = this.#live()
    if (live !== undefined) {
      live.inFlight++
      live.elected++
    }
    response.on('close', this.#closed)
  }

  #end(response: Counted): void {
    const request = response[held]
    if (request === undefined) return
    response[held] = undefined
    this.#meter.end(request, outcomeOf(response))
    this.#spare.push(request)
    const live = this.#live()
    if (live !== undefined && live.inFlight > 0) live.inFlight--
  }
}

function outcomeOf({ statusCode, writableFinished }: ServerResponse): ServiceOutcome {
  if (statusCode >= 500) return 'error'
  return writableFinished ? 'good' : 'none'
}
