// Decides when a request may go to a node. There are two bounds: each request needs a connection to a node, and while the
// event loop is busy, more unanswered requests make all of them dearer and none of them faster. What is beyond a bound
// waits, the clients in turn. Used by exchanges, and by the streams of HTTP/2.

import { admissionLimits } from '../../base/limits.ts'
import type { Ticker } from '../../net/ticker.ts'

/** A client with requests that wait. */
export interface Waiter {
  /** Begins the request that has waited longest. @returns whether others of this client still wait. */
  proceed(): boolean
  /** Refuses the requests whose time is over, and calls `Admission.leave` when no others wait. */
  refuseLate(now: number): void
}

/** Times since some beginning, ms: as `performance.eventLoopUtilization`. */
export interface LoopTimes {
  readonly idle: number
  readonly active: number
}

export interface AdmissionOptions {
  /** Connections to nodes at a time. */
  readonly connectionsMax: number
  readonly ticker: Ticker
  readonly loopTimes: () => LoopTimes
  readonly fault: (error: unknown) => void
}

export class Admission {
  /** Requests that have a connection to a node. */
  #underWay = 0
  /** Those of them without the head of an answer. Downloads, tunnels and uploads are not among them. */
  #unanswered = 0
  /** Requests that have leased a connection so far. */
  #begun = 0
  #unansweredMax = admissionLimits.unansweredMax
  /** Connections to nodes at a time; a reload changes it. */
  connectionsMax: number
  readonly #options: AdmissionOptions
  /** In the order in which they have their turn. */
  readonly #queue: Set<Waiter> = new Set()
  #isScheduled = false
  #check: NodeJS.Timeout | undefined
  #times: LoopTimes = { idle: 0, active: 0 }

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.connectionsMax = options.connectionsMax
    options.ticker.onTick((now) => this.#tick(now))
  }

  /** Whether a request may go to a node now. */
  get isOpen(): boolean {
    return this.#queue.size === 0 && this.#hasRoom
  }

  get #hasRoom(): boolean {
    return this.#unanswered < this.#unansweredMax && this.#underWay < this.connectionsMax
  }

  /** A request has leased a connection. @param isUpload its body is incomplete: its node waits for the client. */
  begin(isUpload: boolean = false): void {
    this.#begun++
    this.#underWay++
    if (!isUpload) this.#unanswered++
  }

  /** The body of an upload is complete, or its attempt ends, before an answer. */
  uploaded(): void {
    this.#unanswered++
  }

  /** The head of its answer has arrived. */
  answered(): void {
    this.#unanswered--
    if (this.#queue.size > 0) this.#schedule()
  }

  /** It has left its connection. @param wasAnswered `answered` was called for it. */
  end(wasAnswered: boolean): void {
    this.#underWay--
    if (!wasAnswered) this.#unanswered--
    if (this.#queue.size > 0) this.#schedule()
  }

  /** `waiter.proceed` is called in its turn. Without effect when it waits already. */
  wait(waiter: Waiter): void {
    this.#queue.add(waiter)
    if (this.#check !== undefined) return
    this.#times = this.#options.loopTimes()
    this.#check = setTimeout(() => this.#checkLoop(), admissionLimits.checkMs).unref()
  }

  /** Nothing of it waits any more. */
  leave(waiter: Waiter): void {
    this.#queue.delete(waiter)
  }

  /** After the present call, which may be within an exchange. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isScheduled = false
    this.#advance()
  }

  /**
   * One request of each client in turn, until there is no more room: requests that begin together are written, read and
   * answered together. One that did not begin may wait again at once, and ends the round.
   */
  #advance(): void {
    let begun = -1
    while (begun !== this.#begun && this.#hasRoom) {
      const next = this.#queue.values().next().value
      if (next === undefined) return
      begun = this.#begun
      this.#queue.delete(next)
      try {
        if (next.proceed()) this.#queue.add(next)
      } catch (error) {
        this.#options.fault(error)
      }
    }
    if (this.#queue.size > 0 && this.#hasRoom) this.#schedule()
  }

  /**
   * While the event loop has time to spare, nodes are what requests wait for: then a bound on unanswered requests would
   * only slow them down.
   */
  #checkLoop(): void {
    this.#check = undefined
    if (this.#queue.size === 0) return
    const before = this.#times
    this.#times = this.#options.loopTimes()
    const idle = this.#times.idle - before.idle
    const active = this.#times.active - before.active
    if (idle > (idle + active) * admissionLimits.idleShare) {
      this.#unansweredMax = Math.max(this.#unansweredMax, this.#unanswered) * 2
      this.#schedule()
    }
    this.#check = setTimeout(() => this.#checkLoop(), admissionLimits.checkMs).unref()
  }

  #tick(now: number): void {
    if (this.#unanswered < admissionLimits.unansweredMax)
      this.#unansweredMax = admissionLimits.unansweredMax
    if (this.#queue.size === 0) return
    for (const waiter of [...this.#queue]) this.#guard(() => waiter.refuseLate(now))
    this.#schedule()
  }

  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.fault(error)
    }
  }
}
