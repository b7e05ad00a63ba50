// A simulated server: it works on so many requests at once, the others wait for a worker or slow all of them down.

import { Heap } from './heap.ts'
import type { ServerGiven } from './scenario.ts'

export class SimulatedServer {
  readonly workers: number
  readonly queues: boolean
  readonly speed: number
  /** Factor by what else runs on the machine. */
  disturbance = 1
  cold = 1
  stopped = false
  fails = 0
  /** It has died. */
  isDead = false
  /** It takes requests. */
  isMember = true
  /** On their way to it. */
  coming = 0
  /** When the next request is done, as far as is known; an event at another time is an old one. */
  dueAt: number = Number.POSITIVE_INFINITY
  /** Worker time used, ms. */
  busyMs = 0
  /** Keys: work done by then for each request at work, ms at speed 1. */
  #atWork: Heap = new Heap()
  #waiting: number[] = []
  #worked = 0
  #at = 0
  readonly #workOf: (request: number) => number

  constructor(
    { workers = 4, speed = 1, queues = false }: ServerGiven,
    workOf: (request: number) => number,
  ) {
    this.workers = workers
    this.speed = speed
    this.queues = queues
    this.#workOf = workOf
  }

  /** Requests at work and waiting. */
  get count(): number {
    return this.#atWork.size + this.#waiting.length
  }

  /** Speed of one worker at this moment. */
  get pace(): number {
    return this.speed * this.disturbance * this.cold
  }

  /** To be called before anything about it changes. */
  advance(now: number): void {
    const ms = now - this.#at
    this.#at = now
    if (ms <= 0 || this.count === 0) return
    this.#worked += ms * this.#rate()
    this.busyMs += ms * Math.min(this.count, this.workers)
  }

  add(request: number): void {
    if (this.queues && this.#atWork.size >= this.workers) this.#waiting.push(request)
    else this.#start(request)
  }

  /** The request that is done. */
  dequeue(): number {
    const done = this.#atWork.pop()
    const next = this.queues ? this.#waiting.shift() : undefined
    if (next !== undefined) this.#start(next)
    return done
  }

  /** Ms until the next request is done, if nothing changes. */
  untilDone(): number {
    const rate = this.#rate()
    return rate > 0
      ? Math.max(0, (this.#atWork.key - this.#worked) / rate)
      : Number.POSITIVE_INFINITY
  }

  /** It dies. @returns all requests that it had. */
  dropAll(): readonly number[] {
    const dropped = this.#waiting
    while (this.#atWork.size > 0) dropped.push(this.#atWork.pop())
    this.#waiting = []
    return dropped
  }

  #start(request: number): void {
    this.#atWork.push(this.#worked + this.#workOf(request), request)
  }

  /** Of each request at work. */
  #rate(): number {
    if (this.stopped) return 0
    const sharing = this.queues ? 1 : Math.max(1, this.#atWork.size / this.workers)
    return this.pace / sharing
  }
}
