// Estimates the free capacity of a server from the times at which this process's requests begin and end: requests in
// hand, service time and concurrency (knee). A proxy keeps one `Room` for each node, an agent one for its own server.
// Used by `byRoom`.

import { ErrorShare } from './error-share.ts'
import { type HeldRequest, HeldRequests } from './held-requests.ts'
import { Knee } from './knee.ts'
import { Trial } from './trial.ts'
import { Usual } from './usual.ts'

/** Factor by which each response ages the earlier ones: about the last fifty count. */
const kept = 0.98
/** Weight of one response in the mean response time. */
const meanWeight = 0.05
/** Age from which a request may be classified as long, ms: this and `longTimes` mean response times, whichever is more. */
const longMinMs = 250
const longTimes = 8

export class Room {
  /** Shared by the nodes of a balancer, and replaced when the node moves to another one. */
  usual: Usual
  readonly errors: ErrorShare = new ErrorShare()
  readonly trial: Trial
  readonly #knee: Knee = new Knee()
  /** Requests in hand. */
  readonly #held: HeldRequests = new HeldRequests()
  /** Requests that were upgraded or classified as long, such as long polls. */
  readonly #long: HeldRequests = new HeldRequests()
  /** When the number in hand last changed. */
  #since = 0
  /** Integral of min(in hand, knee) over time, ms; aged with each response, as is `#done`. */
  #busy = 0
  /** Weighted number of responses. */
  #done = 0
  /** Integral of min(in hand, knee) / knee since the start, ms; never aged. */
  #busyMs = 0
  /** Mean response time, ms. */
  #mean = 0

  /** @param trial `NoTrial` for the server of this process: all of its requests are counted here. */
  constructor(usual: Usual = new Usual(), trial: Trial = new Trial()) {
    this.usual = usual
    this.trial = trial
  }

  /** Requests in hand, without the long ones. */
  get inHand(): number {
    return this.#held.size
  }

  /** Whether `request` is in hand and not classified as long. */
  holds({ list }: HeldRequest): boolean {
    return list === this.#held
  }

  /** Unfinished requests that were upgraded or classified as long. */
  get long(): number {
    return this.#long.size
  }

  /** Requests that the server processes concurrently, as observed so far: 1 to 400. */
  get knee(): number {
    return this.#knee.value
  }

  /** Weighted number of responses behind `ms`: 0 before the first, at most about 50. */
  get answers(): number {
    return this.#done
  }

  /** Service time of a request below the knee, ms. Rises while no response comes. 0 before the first response. */
  ms(now: number): number {
    return this.#done === 0 ? 0 : (this.#busy + this.#running(now)) / this.#done
  }

  /** Time in which the server was busy, ms; a millisecond with n in hand counts min(n, knee) / knee. */
  busyMs(now: number): number {
    return this.#busyMs + this.#running(now) / this.#knee.value
  }

  /** A request is sent. @param now monotonic ms, as in all methods of this class. */
  begin(request: HeldRequest, now: number): void {
    this.trial.sent(now)
    this.#pass(now)
    request.beganAt = now
    this.#held.add(request)
  }

  /**
   * A request ends with a complete response or a failure of the server. The time of an error counts as busy, but the
   * error not as a response, so failing fast looks neither fast nor idle. @param isGood a response with a status below
   * 500.
   */
  end(request: HeldRequest, now: number, isGood: boolean): void {
    const count = this.#held.size
    if (!this.#leave(request, now)) return
    this.errors.observe(!isGood, now)
    if (isGood) this.#answered(request, count, now)
  }

  /** A request ends for a reason other than the server, such as a client that disconnected. */
  abandon(request: HeldRequest, now: number): void {
    this.#leave(request, now)
  }

  /** The connection was upgraded: the request counts as long from now on. */
  upgrade(request: HeldRequest, now: number): void {
    if (this.#leave(request, now)) this.#long.add(request)
  }

  /** @returns whether `request` was in hand. Long requests are out already, and unknown ones change nothing. */
  #leave(request: HeldRequest, now: number): boolean {
    if (request.list === this.#long) this.#long.delete(request)
    if (request.list !== this.#held) return false
    this.#pass(now)
    this.#held.delete(request)
    return true
  }

  /** @param count requests in hand before this response. */
  #answered({ beganAt }: HeldRequest, count: number, now: number): void {
    const ms = now - beganAt
    this.#mean =
      this.#mean === 0
        ? ms
        : this.#mean + meanWeight * (Math.min(ms, longTimes * this.#mean) - this.#mean)
    if (this.trial.answered(beganAt, this.usual.ms, this.ms(now), now)) {
      this.#busy = ms
      this.#done = 1
      this.#knee.forget()
    } else {
      this.#busy *= kept
      this.#done = (this.#done + 1) * kept
    }
    this.#busy *= this.#knee.answered(count)
    this.#findLong(beganAt, now)
    this.usual.follow(this.ms(now))
  }

  /**
   * Classifies as long each old request that a younger one has overtaken: it does not wait for the server's capacity.
   */
  #findLong(answeredBeganAt: number, now: number): void {
    const age = Math.max(longMinMs, longTimes * this.#mean)
    let { oldest } = this.#held
    while (oldest !== undefined && now - oldest.beganAt > age && oldest.beganAt < answeredBeganAt) {
      this.#held.delete(oldest)
      this.#long.add(oldest)
      oldest = this.#held.oldest
    }
  }

  /** Adds the time since the last change to the integrals. */
  #pass(now: number): void {
    const running = this.#running(now)
    if (running > 0) {
      this.#busy += running
      this.#busyMs += running / this.#knee.value
      this.#knee.spent(this.#held.size, now - this.#since)
    }
    this.#since = now
  }

  #running(now: number): number {
    const count = this.#held.size
    const knee = this.#knee.value
    return (now - this.#since) * Math.min(count, knee)
  }
}
