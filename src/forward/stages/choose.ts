// Stage 4: candidates -> candidacy cascade -> one node. The cascade is found once and used for all attempts.

import type { Moment } from '../../base/clock.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { ChoiceState, RequestState } from '../exchange-state.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import { requestView } from './request-view.ts'

/**
 * The cascade of the request's path. To be called while the bytes of the head are there.
 * @param client address of the client.
 */
export function findCascade(
  request: Readonly<RequestState>,
  choice: ChoiceState,
  { cascades }: Pick<ExchangeTraffic, 'cascades'>,
  client: string,
): void {
  const cascade = cascades.of(choice.application) ?? cascades.find(request.path)
  choice.cascade = cascade
  choice.location = cascade.location
  choice.readsLatency = cascade.readsLatency
  choice.request = cascade.readsRequest ? requestView(request.head, client) : undefined
}

/** `undefined` when no node is usable. */
export function choose(choice: Readonly<ChoiceState>, chosenAt: Moment): Candidate | undefined {
  const { cascade, chooser, application } = choice
  chosenAt.update()
  if (chooser !== undefined) return chooser(choice.tried)
  return cascade.run(application.candidates, choice, chosenAt)[0]
}

/** The node has failed and is not chosen again for this request. */
export function exclude(choice: ChoiceState, { node }: Candidate): void {
  choice.tried = [...choice.tried, node.id]
}
