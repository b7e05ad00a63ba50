// The figures of one server, worked out anew every 100 ms: the stem of the load report header, and what
// the load metrics may look at. Called by join-cluster.ts; the timer does not keep the process alive.

import type { Clock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { EventLoopMeter } from '../host/event-loop.ts'
import { ProcessorMeter } from '../host/processor-meter.ts'
import { writeLoadReportStem } from '../wire/orca.ts'
import type { InFlight } from './in-flight.ts'
import type { LoadRound } from './load-metric.ts'

/** Part of what was known that is left after one step: figures look back about half a second. */
const keep = 0.8
/** The processor's use costs some 100 microseconds to read, so it is read in every tenth step. */
const processorSteps = 10

export class Figures {
  readonly #inFlight: InFlight
  readonly #clock: Clock
  readonly #loop = new EventLoopMeter()
  readonly #processor = new ProcessorMeter()
  readonly #timer: NodeJS.Timeout
  #at: number
  #steps = 0
  #ms = 0
  #activeMs = 0
  #completed = 0
  #failed = 0
  #lastCompleted = 0
  #lastFailed = 0
  #pace: number | undefined
  #cpu: number | undefined
  #sampled = 0
  #samples = 0

  constructor(inFlight: InFlight, clock: Clock) {
    this.#inFlight = inFlight
    this.#clock = clock
    this.#at = clock.now()
    this.#processor.read(this.#at)
    this.#write()
    this.#timer = setInterval(() => this.step(), agentLimits.figuresMs)
    this.#timer.unref()
  }

  /** What happened since the last step, mixed into what happened before. */
  step(): void {
    const now = this.#clock.now()
    const { completed, failed, count } = this.#inFlight
    this.#ms = this.#ms * keep + (now - this.#at)
    this.#activeMs = this.#activeMs * keep + this.#loop.read().activeMs
    this.#completed = this.#completed * keep + (completed - this.#lastCompleted)
    this.#failed = this.#failed * keep + (failed - this.#lastFailed)
    // Without answers there is no news of the pace; the last one stands.
    if (completed > this.#lastCompleted) this.#pace = this.#activeMs / this.#completed
    this.#at = now
    this.#lastCompleted = completed
    this.#lastFailed = failed
    this.#sampled += count
    this.#samples++
    if (++this.#steps % processorSteps === 0) this.#cpu = this.#processor.read(now)
    this.#write()
  }

  /** For the metrics; starts the next mean of requests in flight. */
  round(): LoadRound {
    const inFlight = this.#samples > 0 ? this.#sampled / this.#samples : this.#inFlight.count
    this.#sampled = 0
    this.#samples = 0
    return {
      nowMs: this.#clock.now(),
      inFlight,
      completed: this.#inFlight.completed,
      bytesIn: this.#inFlight.bytesIn(),
      bytesOut: this.#inFlight.bytesOut(),
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #write(): void {
    const perSecond = this.#ms > 0 ? 1000 / this.#ms : 0
    this.#inFlight.stem = writeLoadReportStem({
      cpuUtilization: this.#cpu,
      applicationUtilization: this.#ms > 0 ? Math.min(1, this.#activeMs / this.#ms) : undefined,
      rpsFractional: this.#completed * perSecond,
      eps: this.#failed > 0 ? this.#failed * perSecond : undefined,
      pace: this.#pace,
    })
  }
}
