// Still stage 6: an attempt has ended without a complete response, which is kept among the last failures of its node.

import { failureLimits } from '../../base/limits.ts'
import { ownText } from '../../base/own-text.ts'
import { recentFailuresOf } from '../../cluster/live.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { AttemptStage } from '../exchange-state.ts'

/** @param code as in the access log. */
export function noteFailure(
  { request, traffic }: Pick<AttemptStage, 'request' | 'traffic'>,
  { live }: Candidate,
  code: string,
  reason: string,
): void {
  request.trace?.fail(code)
  const { textMax } = failureLimits
  recentFailuresOf(live).add({
    at: traffic.clock.wall(),
    code,
    reason: ownText(reason.slice(0, textMax)),
    request: ownText(`${request.head.method} ${request.path.slice(0, textMax)}`),
  })
}
