// What this server does with requests: how many it has in hand, how many it has served, how long one takes.
// Whoever serves requests here calls `begin` and `end`: a few additions each, and for some a reading of the clock.

import type { Clock } from '../../base/clock.ts'
import type { Resources } from '../../wire/announcement.ts'
import { Typical } from './typical.ts'

export type ServiceFigures = Pick<
  Resources,
  'speed' | 'slotsInUse' | 'slotsFree' | 'served' | 'serviceTimeMs'
>

/** Fewer requests that were alone say nothing about the speed: the first ones find cold caches. */
const loneLeast = 10
/** The shortest time that counts, ms: below it the clock is too coarse. */
const shortestMs = 0.001
/** So many requests are timed between two readings, and of the others one in `timedShare`: the figures need no more. */
const timedMost = 256
const timedShare = 16
/** What `begin` says of a request that is not timed. */
const untimed = -1

export class ServiceMeter {
  inFlight = 0
  served = 0
  readonly #clock: Clock
  readonly #capacity: number
  readonly #serviceMs = new Typical()
  readonly #loneMs = new Typical()
  /** The request under way had this server to itself from its beginning. */
  #alone = false
  /** Requests begun since the last reading. */
  #begun = 0

  /** @param capacity requests in hand that mean "full". */
  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** A request is served here from now on; gives what `end` wants to know. */
  begin(): number {
    this.#alone = this.inFlight++ === 0
    const begun = ++this.#begun
    return begun <= timedMost || begun % timedShare === 0 ? this.#clock.now() : untimed
  }

  /** The request that began then is over, well or not. */
  end(begunAt: number): void {
    this.inFlight--
    this.served++
    if (begunAt === untimed) return
    const ms = Math.max(shortestMs, this.#clock.now() - begunAt)
    this.#serviceMs.add(ms)
    if (this.#alone) this.#loneMs.add(ms)
  }

  /**
   * The speed is what one request after the other would be served in a second: 1000 by the typical time, ms,
   * of the requests that had this server to themselves from beginning to end. Those that waited for others
   * tell of the load, not of the machine. No benchmark runs; under constant load the last figure stands.
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
