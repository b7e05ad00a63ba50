// Measures what this server serves: requests in progress and served, how long one takes, and how much room is left
// (cluster/room.ts).

import type { Clock } from '../../base/clock.ts'
import type { HeldRequest } from '../../cluster/held-requests.ts'
import type { Room } from '../../cluster/room.ts'
import type { Resources } from '../../wire/announcement.ts'

type ServiceFigures = Pick<
  Resources,
  'speed' | 'slotsInUse' | 'slotsFree' | 'served' | 'serviceTimeMs' | 'ms' | 'knee' | 'inHand'
>

/** `good`: answered to its end, with a status below 500. `none`: the client did not wait for the answer. */
export type ServiceOutcome = 'good' | 'error' | 'none'

/** Shortest time that is recorded, ms: the clock is too coarse for less. */
const shortestMs = 0.001

export class ServiceMeter {
  inFlight = 0
  served = 0
  readonly #clock: Clock
  readonly #room: Room
  readonly #capacity: number | undefined
  readonly #serviceMs = new MovingMedian()

  /** @param capacity requests in progress at which the server counts as full; `undefined`: the learnt knee. */
  constructor(clock: Clock, room: Room, capacity: number | undefined) {
    this.#clock = clock
    this.#room = room
    this.#capacity = capacity
  }

  /** A request is being served. */
  begin(request: HeldRequest): void {
    this.inFlight++
    this.#room.begin(request, this.#clock.now())
  }

  /** A request that has begun is over. */
  end(request: HeldRequest, outcome: ServiceOutcome): void {
    const now = this.#clock.now()
    this.inFlight--
    this.served++
    this.#serviceMs.add(Math.max(shortestMs, now - request.beganAt))
    if (outcome === 'none') this.#room.abandon(request, now)
    else this.#room.end(request, now, outcome === 'good')
  }

  read(): ServiceFigures {
    const { knee, inHand, answers } = this.#room
    const ms = answers === 0 ? 0 : Math.max(shortestMs, this.#room.ms(this.#clock.now()))
    return {
      speed: ms === 0 ? 1 : 1000 / ms,
      slotsInUse: inHand,
      slotsFree: Math.max(0, (this.#capacity ?? knee) - inHand),
      served: this.served,
      serviceTimeMs: this.#serviceMs.value,
      ms,
      knee,
      inHand,
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
