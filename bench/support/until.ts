// Waits for a condition by asking again and again, with a deadline.

import { setTimeout as sleep } from 'node:timers/promises'

const askEveryMs = 20

/** @returns false when the time is over and the condition still does not hold. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<boolean> {
  const end = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > end) return false
    await sleep(askEveryMs)
  }
  return true
}
