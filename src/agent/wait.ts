// Waiting with an end to it: for a time, or until something is true.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'

/** Returns early when aborted; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/** Looks every `everyMs` until `done` says so, `endMs` of the clock is past, or the signal; whether it was done. */
export async function waitUntil(
  done: () => boolean | Promise<boolean>,
  everyMs: number,
  endMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    if (await done()) return true
    const left = endMs - clock.now()
    if (left <= 0 || signal.aborted) return false
    await pause(Math.min(everyMs, left), signal)
  }
}
