// Waits for a condition by asking again, with a deadline that says what was waited for.

import { setTimeout as pause } from 'node:timers/promises'

/** The first value that is not `undefined`; fails after ten seconds and shows `evidence`. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  evidence: () => unknown = () => '',
  withinMs = 10_000,
): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    const found = await ask()
    if (found !== undefined) return found
    if (performance.now() > until) {
      throw new Error(`waited ${withinMs} ms for ${what}: ${JSON.stringify(evidence(), null, 1)}`)
    }
    await pause(25)
  }
}
