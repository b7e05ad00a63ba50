// What becomes of a request in a server that is itself a candidate: served here, handed over, or sent
// elsewhere by a redirect. Called by whoever hands requests over.

import type { Clock } from '../base/clock.ts'
import type { Candidate, ExchangeView } from './candidacy.ts'
import type { Cascade } from './compose.ts'
import type { LocationFormat } from './location.ts'

export interface Decision {
  /** The winner; `undefined` when nobody was left, which means here. */
  readonly candidate: Candidate | undefined
  readonly mode: 'here' | 'proxy' | 'redirect'
  /** Where the client is sent; there when the mode is `redirect` (see `locationOf`). */
  readonly location: LocationFormat | undefined
}

/** An empty list and `off` mean here. After a failure the caller decides again, with `tried` longer. */
export function decide(
  cascade: Cascade,
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
): Decision {
  if (cascade.isOff) return nobody
  const candidate = cascade.run(candidates, exchange, clock)[0]
  if (candidate === undefined) return nobody
  if (candidate.peer?.isSelf === true) return { candidate, mode: 'here', location: undefined }
  const { location } = cascade
  return { candidate, mode: location === undefined ? 'proxy' : 'redirect', location }
}

const nobody: Decision = { candidate: undefined, mode: 'here', location: undefined }
