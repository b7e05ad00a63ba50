// Still stage 6: counts the outcome of an attempt for outlier ejection, which excludes a node with more errors than
// others.

import { eject, observe } from '../../cluster/outlier.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { AttemptStage } from '../exchange-state.ts'

/**
 * Records a response of the node or a failure at it. Requests that have to go to this node because of their session do
 * not count: the client chose the node, and an ejection would not keep them away.
 */
export function observeOutcome(
  { choice, traffic }: Pick<AttemptStage, 'choice' | 'traffic'>,
  { live, node }: Candidate,
  isError: boolean,
): void {
  if (choice.route === node.route) return
  const { settings, ticker, counters, log } = traffic
  const limits = settings.outlier
  if (!observe(live.outlier, isError, ticker.now, limits)) return
  const all = choice.application.candidates.map((other) => other.live.outlier)
  if (!eject(live.outlier, all, ticker.now, limits)) return
  counters.ejections++
  log.warn({ route: node.route, ms: live.outlier.until - ticker.now }, 'node ejected')
}
