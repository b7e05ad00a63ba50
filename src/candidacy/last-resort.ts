// `usable` of the front proxy: when no candidate is usable, those that are down because connections to them failed at once,
// as where nothing listens. They may be back before the next probe. Each gets one request from time to time, of a client
// that would get a 503 anyway, and all once a connection has succeeded. Then a probe is due, which ends `down`.

import { probeLimits } from '../base/limits.ts'
import type { Candidacy, Candidate } from './candidacy.ts'
import { isUsable, usable } from './usable.ts'

export const usableOrLastResort: Candidacy = (candidates, exchange, clock) => {
  const left = usable(candidates, exchange, clock)
  // A peer serves the request itself.
  if (left.length > 0 || exchange.self !== undefined) return left
  if (candidates.some((candidate) => isUsable(candidate, exchange))) return left
  const now = clock.now()
  return candidates.filter(
    (candidate) => isDueAgain(candidate, now) && isUsable(candidate, exchange, true),
  )
}

function isDueAgain({ live: { health, lastResortAt } }: Candidate, now: number): boolean {
  if (health.kind !== 'down' || health.refused !== true) return false
  return now - lastResortAt >= probeLimits.lastResortMs
}
