// Whether a server that is itself a candidate serves a request, hands it over, or redirects the client. Called by peers
// for each request.

import type { Clock } from '../base/clock.ts'
import type { Candidate, ExchangeView } from './candidacy.ts'
import type { Cascade } from './compose.ts'
import type { LocationFormat } from './location.ts'

interface Decision {
  /** The chosen candidate; `undefined` when none was left, and the request is served here. */
  readonly candidate: Candidate | undefined
  readonly mode: 'here' | 'proxy' | 'redirect'
  /** Set when the mode is `redirect` (see `locationOf`). */
  readonly location: LocationFormat | undefined
}

/** An empty list and `off` mean `here`. After a failure the caller decides again, with the failed node in `tried`. */
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
