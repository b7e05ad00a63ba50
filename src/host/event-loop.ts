// How busy this process's event loop is and how late it runs: what a Node.js application is short of
// before anything else. One meter per reader, since each reading starts the next period.

import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks'

export interface EventLoopUse {
  /** Milliseconds in which the loop was doing something. */
  readonly activeMs: number
  /** activeMs against the whole period, 0..1. */
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

/** How late timers ran from one call of `read` to the next. Costs a timer every 20 ms: `close` it. */
export class EventLoopDelayMeter {
  static readonly #resolutionMs = 20
  readonly #histogram: IntervalHistogram

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: EventLoopDelayMeter.#resolutionMs })
    this.#histogram.enable()
  }

  /** Mean delay in milliseconds beyond the 20 ms of the timer itself, or undefined without a sample. */
  read(): number | undefined {
    const mean = this.#histogram.mean / 1e6
    this.#histogram.reset()
    return Number.isFinite(mean) ? Math.max(0, mean - EventLoopDelayMeter.#resolutionMs) : undefined
  }

  close(): void {
    this.#histogram.disable()
  }
}
