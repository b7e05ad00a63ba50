// How many requests are in flight on contexts that stop, for the reply to STOP-APP. Called by receive.ts
// when the stop is in force in all processes, so that what was sent to the node meanwhile counts, too.

import { setTimeout as pause } from 'node:timers/promises'
import { inFlightOn, type LiveTable } from '../cluster/live.ts'

/**
 * A Java node asks again the moment a request has ended in it, which may be before the answer has passed
 * here; told of one that is left, it waits for its end in vain, 10 s long. So what is in flight is given
 * this time to end, ms, in steps.
 */
const stepsMs = [10, 30, 60]

/** @param id of the node. @param paths of the contexts. */
export async function requestsLeft(
  live: LiveTable,
  refresh: () => void | Promise<void>,
  id: number,
  paths: readonly string[],
): Promise<number> {
  for (const ms of stepsMs) {
    const requests = inFlightOn(live.of(id), paths)
    if (requests === 0) return 0
    await pause(ms)
    await refresh()
  }
  return inFlightOn(live.of(id), paths)
}
