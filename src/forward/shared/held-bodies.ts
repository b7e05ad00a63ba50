// Requests of whose bodies little has arrived. Each waits a moment for more before it takes a connection to a node, because
// many clients that send one byte and leave would otherwise cost as many connections.

import type { Clock } from '../../base/clock.ts'
import { heldLimits } from '../../base/limits.ts'

export interface HeldBody {
  /** Its time is over: it goes to a node with what has arrived. */
  beginHeld(): void
}

export class HeldBodies {
  /** With the end of its time, ms of the clock; the first one ends first. */
  readonly #held: Map<HeldBody, number> = new Map()
  readonly #clock: Clock
  readonly #fault: (error: unknown) => void
  #isScheduled = false

  constructor(clock: Clock, fault: (error: unknown) => void) {
    this.#clock = clock
    this.#fault = fault
  }

  get size(): number {
    return this.#held.size
  }

  /** `body.beginHeld` is called after `heldLimits.beginMs`, unless `release` is called before. */
  hold(body: HeldBody): void {
    if (this.#held.has(body)) return
    this.#held.set(body, this.#clock.now() + heldLimits.beginMs)
    this.#schedule(heldLimits.beginMs)
  }

  release(body: HeldBody): void {
    this.#held.delete(body)
  }

  #schedule(ms: number): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    // The sockets are read between a timer and an immediate: a client that has left meanwhile is found there.
    if (ms > 0) setTimeout(setImmediate, ms, this.#turn).unref()
    else setImmediate(this.#turn)
  }

  /** Few at a time, so that other requests have their turn between them. */
  readonly #turn = (): void => {
    this.#isScheduled = false
    const now = this.#clock.now()
    let begun = 0
    for (const [body, until] of this.#held) {
      if (until > now || begun === heldLimits.begunMax) return this.#schedule(until - now)
      begun++
      this.#held.delete(body)
      try {
        body.beginHeld()
      } catch (error) {
        this.#fault(error)
      }
    }
  }
}
