// How much room a server has, as one process sees it: the requests that this process has there, what a request
// takes while there is room, and how many the server works on at once. Everything is learnt from when requests
// begin and end. A proxy keeps one for each node, an agent one for its own server. Used by `byRoom`.

import { ErrorShare } from './error-share.ts'
import { type HeldRequest, HeldRequests } from './held-requests.ts'
import { Knee } from './knee.ts'
import { Trial } from './trial.ts'
import { Usual } from './usual.ts'

/** What each answer leaves of the answers before it: a memory of about fifty. */
const kept = 0.98
/** Weight of one answer in the mean time of answers. */
const meanWeight = 0.05
/** A request that is older than this, ms, and than so many times the mean may be a long one. */
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
  /** Requests that were upgraded or turned out to be long, such as long polls. */
  readonly #long: HeldRequests = new HeldRequests()
  /** When the number in hand last changed. */
  #since = 0
  /** Ms, each times the number of requests at work, min(in hand, knee); of the last answers, as is `#done`. */
  #busy = 0
  #done = 0
  /** The same as a share of the knee, of all times. */
  #busyMs = 0
  /** Mean time of answers, ms. */
  #mean = 0

  /** @param trial `NoTrial` for the server of this process, all of whose requests are counted here. */
  constructor(usual: Usual = new Usual(), trial: Trial = new Trial()) {
    this.usual = usual
    this.trial = trial
  }

  /** Requests in hand, without the long ones. */
  get inHand(): number {
    return this.#held.size
  }

  /** Whether a request is in hand, and not one of the long ones. */
  holds({ list }: HeldRequest): boolean {
    return list === this.#held
  }

  /** Requests that were upgraded or turned out to be long, and are not over. */
  get long(): number {
    return this.#long.size
  }

  /** How many requests the server works on at once, as far as it was seen: 1 to 400. */
  get knee(): number {
    return this.#knee.value
  }

  /** Answers that `ms` rests on, at most about 50; 0 while nothing is known. */
  get answers(): number {
    return this.#done
  }

  /** What a request takes while there is room, ms. It rises while nothing is answered. 0 while nothing is known. */
  ms(now: number): number {
    return this.#done === 0 ? 0 : (this.#busy + this.#running(now)) / this.#done
  }

  /** Time until now in which the server was at work, ms; with n in hand each counts min(n, knee) / knee. */
  busyMs(now: number): number {
    return this.#busyMs + this.#running(now) / this.#knee.value
  }

  /** A request is sent. @param now monotonic ms, as everywhere here. */
  begin(request: HeldRequest, now: number): void {
    this.trial.sent(now)
    this.#pass(now)
    request.beganAt = now
    this.#held.add(request)
  }

  /**
   * A request is over: answered to its end, or failed by the server's fault. An error takes its time and counts no
   * answer, so a server that fails fast looks neither fast nor idle. @param isGood answered, with a status below 500.
   */
  end(request: HeldRequest, now: number, isGood: boolean): void {
    const count = this.#held.size
    if (!this.#leave(request, now)) return
    this.errors.observe(!isGood, now)
    if (isGood) this.#answered(request, count, now)
  }

  /** A request is over for a reason that is not the server's, such as a client that went away. */
  abandon(request: HeldRequest, now: number): void {
    this.#leave(request, now)
  }

  /** The connection was upgraded: from now on it is a long one. */
  upgrade(request: HeldRequest, now: number): void {
    if (this.#leave(request, now)) this.#long.add(request)
  }

  /** @returns whether it was in hand. A long one has left before, and one that is not here changes nothing. */
  #leave(request: HeldRequest, now: number): boolean {
    if (request.list === this.#long) this.#long.delete(request)
    if (request.list !== this.#held) return false
    this.#pass(now)
    this.#held.delete(request)
    return true
  }

  /** @param count requests in hand until then. */
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

  /** A request that the server has overtaken by a younger one, and that is old, waits for something else than its turn. */
  #findLong(answeredBeganAt: number, now: number): void {
    const age = Math.max(longMinMs, longTimes * this.#mean)
    let { oldest } = this.#held
    while (oldest !== undefined && now - oldest.beganAt > age && oldest.beganAt < answeredBeganAt) {
      this.#held.delete(oldest)
      this.#long.add(oldest)
      oldest = this.#held.oldest
    }
  }

  /** Counts the time since the last change. */
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
