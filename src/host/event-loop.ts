// Use and delay of this process's event loop, usually the first resource that a Node.js server runs out of.
// Every reader needs a meter of its own, because a reading starts the next period.

import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks'

interface EventLoopUse {
  /** Milliseconds in which the loop was active. */
  readonly activeMs: number
  /** Active share of the period, 0..1. */
  readonly utilization: number
}

/** Use of the event loop from one call of `read` to the next. */
export class EventLoopMeter {
  #last: EventLoopUtilization = performance.eventLoopUtilization()

  read(): EventLoopUse {
    const now = performance.eventLoopUtilization()
    const { active, utilization } = performance.eventLoopUtilization(now, this.#last)
    this.#last = now
    return { activeMs: active, utilization }
  }
}

/** The delay of timers from one call of `read` to the next. It runs a timer every 20 ms until `close`. */
export class EventLoopDelayMeter {
  static readonly #resolutionMs = 20
  readonly #histogram: IntervalHistogram

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: EventLoopDelayMeter.#resolutionMs })
    this.#histogram.enable()
  }

  /** Mean delay beyond the 20 ms of the timer itself, ms; `undefined` without a sample. */
  read(): number | undefined {
    const mean = this.#histogram.mean / 1e6
    this.#histogram.reset()
    return Number.isFinite(mean) ? Math.max(0, mean - EventLoopDelayMeter.#resolutionMs) : undefined
  }

  close(): void {
    this.#histogram.disable()
  }
}

/** The delay of a timer that runs anyway, which spares a process the timer of `EventLoopDelayMeter`. */
export class TimerDelayMeter {
  readonly #everyMs: number
  #firedAt: number
  #delayMs = 0
  #count = 0

  /** @param everyMs interval of the timer. @param nowMs when it is set. */
  constructor(everyMs: number, nowMs: number) {
    this.#everyMs = everyMs
    this.#firedAt = nowMs
  }

  /** To be called whenever the timer fires. */
  fired(nowMs: number): void {
    this.#delayMs += Math.max(0, nowMs - this.#firedAt - this.#everyMs)
    this.#count++
    this.#firedAt = nowMs
  }

  /** Mean delay since the last call, ms; `undefined` when the timer has not fired. */
  read(): number | undefined {
    const mean = this.#count === 0 ? undefined : this.#delayMs / this.#count
    this.#delayMs = this.#count = 0
    return mean
  }
}
