// The number of requests in flight on contexts that stop, for the reply to STOP-APP. Called by
// message-handler.ts after the stop is in force in all processes.

import { setTimeout as pause } from 'node:timers/promises'
import { inFlightOn, type LiveTable } from '../cluster/live.ts'

/**
 * Pauses before each further count, ms. A Java node asks again the moment a request has ended in it, which may
 * be before the response has passed through the proxy. If the reply then counts that request, the node waits in
 * vain for 10 s.
 */
const pausesMs = [10, 30, 60]

/** @param id of the node. @param paths of the contexts. @param refresh brings `live` up to date. */
export async function requestsLeft(
  live: LiveTable,
  refresh: () => void | Promise<void>,
  id: number,
  paths: readonly string[],
): Promise<number> {
  await refresh()
  for (const ms of pausesMs) {
    if (inFlightOn(live.of(id), paths) === 0) return 0
    await pause(ms)
    await refresh()
  }
  return inFlightOn(live.of(id), paths)
}
