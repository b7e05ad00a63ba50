// The figures of one server, updated every 100 ms: the beginning of the load report header, and the inputs of the load
// metrics. The timer does not keep the process alive. Used by local-server.ts.

import type { Clock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { EventLoopMeter } from '../host/event-loop.ts'
import { ProcessorMeter } from '../host/processor-meter.ts'
import { writeLoadReportStem } from '../wire/orca.ts'
import type { InFlight } from './in-flight.ts'
import type { LoadRound } from './load-metric.ts'
import type { ServerFigures } from './server-figures.ts'

/** Weight of the past in each step, so that figures cover about a second. */
const pastWeight = 0.9
/** Reading the processors costs about 100 microseconds, so they are read in every tenth step. */
const processorSteps = 10

export class Figures {
  /** Called after each step. */
  onStep: () => void = () => {}
  readonly #inFlight: InFlight
  readonly #clock: Clock
  readonly #loop = new EventLoopMeter()
  readonly #processor = new ProcessorMeter()
  readonly #timer: NodeJS.Timeout
  #at: number
  #steps = 0
  #ms = 0
  #activeMs = 0
  #busyMs = 0
  #completed = 0
  #failed = 0
  #lastBusyMs = 0
  #lastCompleted = 0
  #lastFailed = 0
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

  /** Adds the time since the last step to the running means. Public for tests. */
  step(): void {
    const now = this.#clock.now()
    const { completed, failed, count, room } = this.#inFlight
    const busyMs = room.busyMs(now)
    this.#ms = this.#ms * pastWeight + (now - this.#at)
    this.#activeMs = this.#activeMs * pastWeight + this.#loop.read().activeMs
    this.#busyMs = this.#busyMs * pastWeight + (busyMs - this.#lastBusyMs)
    this.#completed = this.#completed * pastWeight + (completed - this.#lastCompleted)
    this.#failed = this.#failed * pastWeight + (failed - this.#lastFailed)
    this.#at = now
    this.#lastBusyMs = busyMs
    this.#lastCompleted = completed
    this.#lastFailed = failed
    this.#sampled += count
    this.#samples++
    if (++this.#steps % processorSteps === 0) this.#cpu = this.#processor.read(now)
    this.#write()
    this.onStep()
  }

  /** Of this process. */
  get own(): ServerFigures {
    const { count, room } = this.#inFlight
    const perSecond = this.#ms > 0 ? 1000 / this.#ms : 0
    return {
      processes: 1,
      inFlight: count,
      inHand: room.inHand,
      knee: room.knee,
      rps: this.#completed * perSecond,
      eps: this.#failed * perSecond,
      utilization: this.#utilization() ?? 0,
    }
  }

  /** The inputs of the metrics; begins the next mean of requests in flight. */
  round(): LoadRound {
    const inFlight = this.#samples > 0 ? this.#sampled / this.#samples : this.#inFlight.count
    this.#sampled = 0
    this.#samples = 0
    const nowMs = this.#clock.now()
    return {
      nowMs,
      inFlight,
      busyMs: this.#inFlight.room.busyMs(nowMs),
      completed: this.#inFlight.completed,
      bytesIn: this.#inFlight.bytesIn(),
      bytesOut: this.#inFlight.bytesOut(),
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** The report is about the node: this process, and the others that serve its port. */
  #write(): void {
    const { processes, rps, eps, utilization } = this.#inFlight.others
    const perSecond = this.#ms > 0 ? 1000 / this.#ms : 0
    const own = this.#utilization()
    const errors = this.#failed * perSecond + eps
    this.#inFlight.stem = writeLoadReportStem({
      cpuUtilization: this.#cpu,
      applicationUtilization: own === undefined ? undefined : (own + utilization) / (1 + processes),
      rpsFractional: this.#completed * perSecond + rps,
      eps: errors > 0 ? errors : undefined,
    })
  }

  /** A server that computes is busy by its event loop; one that waits for other servers, by its requests in hand. */
  #utilization(): number | undefined {
    if (this.#ms === 0) return undefined
    return Math.min(1, Math.max(this.#activeMs, this.#busyMs) / this.#ms)
  }
}
