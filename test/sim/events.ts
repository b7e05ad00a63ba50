// Event queue and clock of a simulation: a heap of times with callbacks; the clock jumps from one to the next. Events of the
// same time run in the order in which they were added.

import type { Clock } from '../../src/base/clock.ts'

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class Events implements Clock {
  readonly #heap: Event[] = []
  #now = 0
  #planned = 0

  now(): number {
    return this.#now
  }
  wall(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(ms: number, run: () => void): void {
    const heap = this.#heap
    const event = { at: this.#now + ms, order: this.#planned++, run }
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(event, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = event
  }

  /** Runs all events up to and including `end`. */
  runUntil(end: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= end) {
      const event = this.#next()
      this.#now = event.at
      event.run()
    }
    this.#now = end
  }

  #next(): Event {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    while (true) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!isBefore(heap[below]!, last)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = last
    return first
  }
}

const isBefore = (a: Event, b: Event): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)
