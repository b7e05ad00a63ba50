// Waits with an end: for a time, or until a condition holds.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from './clock.ts'

/** Waits `ms` milliseconds; returns early when the signal aborts. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {})
}

/** Resolves when this process has read all that has arrived at its sockets by now. */
export const afterPoll = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The value of `promise`, or that of `late` when it has not come within `ms`. Rejects when `promise` does before. */
export function withDeadline<T, L = T>(
  promise: Promise<T>,
  ms: number,
  late: () => L,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

interface Waiting {
  /** Deadline, ms from now; the condition is checked once even when it has passed. */
  readonly withinMs: number
  /** Between two checks, ms. Default 20. */
  readonly everyMs?: number
  readonly clock?: Clock
  /** Ends the wait early. */
  readonly signal?: AbortSignal
}

/** Checks the condition again and again. Returns whether it held before the deadline or the signal. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 20, clock = systemClock, signal }: Waiting,
): Promise<boolean> {
  const end = clock.now() + withinMs
  for (;;) {
    if (await condition()) return true
    const left = end - clock.now()
    if (left <= 0 || signal?.aborted) return false
    await pause(Math.min(everyMs, left), signal)
  }
}
