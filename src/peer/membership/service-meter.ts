// Measures what this server serves: requests in flight, requests served, and how long one takes. `begin` and `end` cost a
// few additions, and for some requests a reading of the clock.

import type { Clock } from '../../base/clock.ts'
import type { Resources } from '../../wire/announcement.ts'

export type ServiceFigures = Pick<
  Resources,
  'speed' | 'slotsInUse' | 'slotsFree' | 'served' | 'serviceTimeMs'
>

/** Requests that had the server to themselves, before which the speed is not known: the first ones find cold caches. */
const loneLeast = 10
/** Shortest time that is recorded, ms: the clock is too coarse for less. */
const shortestMs = 0.001
/** Requests that are timed between two readings; of later ones only one in `timedShare`. */
const timedMost = 256
const timedShare = 16
/** The token of a request that is not timed. */
const untimed = -1

export class ServiceMeter {
  inFlight = 0
  served = 0
  readonly #clock: Clock
  readonly #capacity: number
  readonly #serviceMs = new MovingMedian()
  readonly #loneMs = new MovingMedian()
  /** The request in flight has had the server to itself from its beginning. */
  #isAlone = false
  /** Requests begun since the last reading. */
  #begun = 0

  /** @param capacity requests in flight at which the server counts as full. */
  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** A request is being served. @returns a token for `end`. */
  begin(): number {
    this.#isAlone = this.inFlight++ === 0
    const begun = ++this.#begun
    return begun <= timedMost || begun % timedShare === 0 ? this.#clock.now() : untimed
  }

  /** The request with this token is over, answered or not. */
  end(token: number): void {
    this.inFlight--
    this.served++
    if (token === untimed) return
    const ms = Math.max(shortestMs, this.#clock.now() - token)
    this.#serviceMs.add(ms)
    if (this.#isAlone) this.#loneMs.add(ms)
  }

  /**
   * The speed is the number of requests that the server would serve in a second, one after the other: 1000 by the typical
   * time, ms, of requests that had it to themselves. Those that waited for others show the load, not the machine. Under
   * constant load the last figure stays.
   */
  read(): ServiceFigures {
    this.#begun = 0
    return {
      speed: this.#loneMs.count < loneLeast ? 1 : 1000 / this.#loneMs.value,
      slotsInUse: this.inFlight,
      slotsFree: Math.max(0, this.#capacity - this.inFlight),
      served: this.served,
      serviceTimeMs: this.#serviceMs.value,
    }
  }
}

/** Share of the median by which each value moves it, up or down, after the first values. */
const leastStep = 0.05

/** A moving median. A few very long requests (uploads, WebSockets) do not move it, unlike a mean. */
export class MovingMedian {
  /** 0 before the first value. */
  value = 0
  count = 0

  /** @param sample above 0. */
  add(sample: number): void {
    const step = Math.max(leastStep, 1 / ++this.count)
    const [low, high] = [this.value / (1 + step), this.value * (1 + step)]
    if (this.count === 1) this.value = sample
    else if (sample > high) this.value = high
    else if (sample < low) this.value = low
    else this.value += (sample - this.value) * step
  }
}
