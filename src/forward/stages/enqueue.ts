// Still stage 4: all nodes that could get the request have as many requests as they may have. It joins the queue of one.

import { fullAmong } from '../../candidacy/usable.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { AttemptStage, ChoiceState } from '../exchange-state.ts'
import type { Queued } from '../shared/queues.ts'

/**
 * - `waits`: the request is in a queue.
 * - `full`: there are such nodes, and no queue has room.
 * - `none`: no node is full: there is none at all.
 */
type Outcome = 'waits' | 'full' | 'none'

export function enqueue({ choice, attempts, traffic }: AttemptStage, queued: Queued): Outcome {
  const { full: ofSession, application } = choice
  const nodes = ofSession?.alone ?? fullAmong(application.candidates, choice)
  if (nodes.length === 0) return 'none'
  const home = homeAmong(nodes)
  if (home === undefined) return 'full'
  const { live, node } = home
  attempts.waitUntil ||= traffic.ticker.now + (node.own?.queueMs ?? 0)
  const key = ofSession === undefined ? application.derived : live
  traffic.queues.join(
    queued,
    key,
    live,
    nodes.map((each) => each.live),
    attempts.waitUntil,
  )
  return 'waits'
}

/** Whether a node is full that could get the request. */
export const canQueue = (choice: Readonly<ChoiceState>): boolean =>
  choice.full !== undefined || fullAmong(choice.application.candidates, choice).length > 0

/** The node with the shortest queue of those that have room. */
export function homeAmong(nodes: readonly Candidate[]): Candidate | undefined {
  let home: Candidate | undefined
  for (const candidate of nodes) {
    const { waiting, queueMax } = candidate.live
    if (waiting < queueMax && (home === undefined || waiting < home.live.waiting)) home = candidate
  }
  return home
}
