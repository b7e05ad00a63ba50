// Still stage 7: the end of a response that cannot be completed, though its beginning has been sent.

import type { ExchangeState } from '../exchange-state.ts'
import { endAttempt } from './attempt.ts'
import { noteFailure } from './note-failure.ts'
import { observeOutcome } from './outlier.ts'

/**
 * @param code for the access log.
 * @param isNodeFault the node has broken it off, and not the client.
 */
export function cut(state: ExchangeState, code: string, isNodeFault: boolean): void {
  const { candidate } = state.attempts
  if (isNodeFault && candidate !== undefined) {
    observeOutcome(state, candidate, true)
    noteFailure(state, candidate, code, reasons.get(code) ?? state.response.problem)
  }
  state.traffic.counters.cut++
  endAttempt(state, isNodeFault)
}

/** What is known beyond the code; for others `ResponseState.problem` has it. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['NODE_CLOSED', 'the node closed the connection within its response'],
  ['NODE_TIMEOUT', 'the node sent nothing more within its response'],
])
