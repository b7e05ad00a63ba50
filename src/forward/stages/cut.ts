// Still stage 7: the end of a response that cannot be completed, though its beginning has been sent.

import type { ExchangeState } from '../exchange-state.ts'
import { endAttempt } from './attempt.ts'

export function cut(state: ExchangeState): void {
  state.traffic.counters.cut++
  endAttempt(state, true)
}
