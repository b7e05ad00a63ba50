// Still stage 7: the end of a response that cannot be completed, though its beginning has been sent.

import type { ExchangeState } from '../exchange-state.ts'
import { endAttempt } from './attempt.ts'
import { observeOutcome } from './outlier.ts'

/** @param isNodeFault the node has broken it off, and not the client. */
export function cut(state: ExchangeState, isNodeFault: boolean): void {
  const { candidate } = state.attempts
  if (isNodeFault && candidate !== undefined) observeOutcome(state, candidate, true)
  state.traffic.counters.cut++
  endAttempt(state, isNodeFault)
}
