// One coarse timer for all deadlines of a process: a deadline is a number on an object that lives as long as its
// connection, not a timer of its own. Deadlines expire up to one tick late.

import type { Clock } from '../base/clock.ts'

/** An object with a deadline, in the ticker's time; Infinity while it waits for nothing. */
export interface Timed {
  deadline: number
  /** Called when the deadline has passed; it is Infinity by then. */
  expired(now: number): void
}

const defaultTickMs = 100

/** After a longer step than this, ms, the process was suspended: that time does not count. */
const stepMax = 1_000

/**
 * The step that counts after a suspension, ms. It is shorter than any sensible deadline, because what has arrived
 * meanwhile is read after the tick: a connection made by now must not count as one that failed.
 */
const suspendedStep = 250

/** Deadlines that expire in one go, before other work has its turn. */
const batchMax = 32

export class Ticker {
  /**
   * The ticker's time: milliseconds that this process has been running. After a suspension of a minute (SIGSTOP,
   * a sleeping machine) it continues where it was, instead of letting every deadline pass.
   */
  now = 0
  readonly #clock: Clock
  readonly #fault: (error: unknown) => void
  readonly #tickMs: number
  readonly #waiting: Set<Timed> = new Set()
  readonly #each: Set<(now: number) => void> = new Set()
  #last: number
  /** Objects whose deadline had passed at the last tick and that have not been called yet. */
  #due: Timed[] = []
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined

  /**
   * @param fault called when a callback throws; the others are still called.
   * @param tickMs time between two ticks, ms. Default 100.
   */
  constructor(clock: Clock, fault: (error: unknown) => void, tickMs: number = defaultTickMs) {
    this.#clock = clock
    this.#fault = fault
    this.#tickMs = tickMs
    this.#last = clock.now()
  }

  start(): void {
    this.#last = this.#clock.now()
    this.#timer ??= setInterval(() => this.tick(), this.#tickMs).unref()
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

  /** Calls `listener` at every tick; returns a function that ends this. */
  onTick(listener: (now: number) => void): () => void {
    this.#each.add(listener)
    return () => this.#each.delete(listener)
  }

  /** Public for tests with a clock of their own. */
  tick(): void {
    const real = this.#clock.now()
    const step = Math.max(0, real - this.#last)
    this.now += step > stepMax ? suspendedStep : step
    this.#last = real
    const { now } = this
    this.#due = []
    for (const timed of this.#waiting) if (timed.deadline <= now) this.#due.push(timed)
    this.#expire()
    for (const listener of this.#each) this.#guard(() => listener(now))
  }

  /** Thousands of deadlines that pass together expire in batches, so that other work does not wait for all. */
  #expire(): void {
    const { now } = this
    for (const timed of this.#due.splice(0, batchMax)) {
      if (timed.deadline > now || !this.#waiting.has(timed)) continue
      timed.deadline = Number.POSITIVE_INFINITY
      this.#guard(() => timed.expired(now))
    }
    if (this.#due.length === 0 || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
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
