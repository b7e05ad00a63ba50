// One coarse timer for all deadlines of a process: a deadline costs a number on an object that lives
// as long as its connection, not a timer of its own. Deadlines end up to one tick late.

import type { Clock } from '../base/clock.ts'

/** Something that waits. `deadline` is in the ticker's time; Infinity while nothing is waited for. */
export interface Timed {
  deadline: number
  /** The deadline has passed; it has been set to Infinity. */
  expired(now: number): void
}

/** Wait between ticks, ms. */
const tickMs = 100

/** A tick that comes later than this, ms, comes after the process was stopped: that time does not count. */
const stepMax = 1_000

/**
 * What such a tick adds instead, ms. Less than any sensible deadline, for what has come meanwhile is heard after
 * the tick: a connection to a node that stands by now must not be taken for one that could not be made.
 */
const stoppedStep = 250

/** Deadlines that end one after the other, before other work has its turn. */
const atOnceMax = 32

export class Ticker {
  /**
   * Milliseconds that this process has been running. A process that was stopped for a minute (SIGSTOP, a
   * suspended machine) goes on where it was, rather than finding every deadline passed.
   */
  now = 0
  readonly #clock: Clock
  readonly #fault: (error: unknown) => void
  readonly #waiting: Set<Timed> = new Set()
  readonly #each: Set<(now: number) => void> = new Set()
  #last: number
  /** Whose deadline has passed at the last tick, and who has not been called yet. */
  #due: Timed[] = []
  #goesOn = false
  #timer: NodeJS.Timeout | undefined

  /** @param fault told when something that waited threw; the others are called all the same. */
  constructor(clock: Clock, fault: (error: unknown) => void) {
    this.#clock = clock
    this.#fault = fault
    this.#last = clock.now()
  }

  start(): void {
    this.#last = this.#clock.now()
    this.#timer ??= setInterval(() => this.tick(), tickMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  add(timed: Timed): void {
    this.#waiting.add(timed)
  }

  delete(timed: Timed): void {
    this.#waiting.delete(timed)
  }

  /** Calls `listener` at every tick; returns how to end that. */
  onTick(listener: (now: number) => void): () => void {
    this.#each.add(listener)
    return () => this.#each.delete(listener)
  }

  /** Public for tests with a clock of their own. */
  tick(): void {
    const real = this.#clock.now()
    const step = Math.max(0, real - this.#last)
    this.now += step > stepMax ? stoppedStep : step
    this.#last = real
    const { now } = this
    this.#due = []
    for (const timed of this.#waiting) if (timed.deadline <= now) this.#due.push(timed)
    this.#expire()
    for (const listener of this.#each) this.#guard(() => listener(now))
  }

  /** Thousands whose time is over together end a few at a time: whoever is served meanwhile does not wait for all of them. */
  #expire(): void {
    const { now } = this
    for (const timed of this.#due.splice(0, atOnceMax)) {
      if (timed.deadline > now || !this.#waiting.has(timed)) continue
      timed.deadline = Number.POSITIVE_INFINITY
      this.#guard(() => timed.expired(now))
    }
    if (this.#due.length === 0 || this.#goesOn) return
    this.#goesOn = true
    setImmediate(() => {
      this.#goesOn = false
      this.#expire()
    })
  }

  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fault(error)
    }
  }
}
