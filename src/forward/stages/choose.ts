// Stage 4: candidates -> candidacy cascade -> one node. The cascade is found once and used for all attempts.

import type { Moment } from '../../base/clock.ts'
import { isFullFor, usable } from '../../candidacy/usable.ts'
import { isHttp2 } from '../../cluster/node.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { ChoiceState, RequestState } from '../exchange-state.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import type { LeasedConnection } from '../node/node-context.ts'
import { redirection } from './redirect.ts'
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
  const { location } = cascade
  choice.redirection = location === undefined ? undefined : redirection(request.head, location)
  choice.needsTunnel = request.upgrade !== undefined
  choice.readsLatency = cascade.readsLatency
  choice.request = cascade.readsRequest ? requestView(request.head, client) : undefined
}

/**
 * `undefined` when no node is usable, or has a place for the request; then `choice.full` is the one that it waits for, if
 * it waits for only one.
 * @param bound the client's own connections: the nodes where it has logged in come first, unless a session names another.
 */
export function choose(
  choice: ChoiceState,
  chosenAt: Moment,
  bound?: ReadonlySet<LeasedConnection>,
): Candidate | undefined {
  const { cascade, chooser, application } = choice
  choice.full = undefined
  chosenAt.update()
  if (chooser !== undefined) return chooser(choice.tried)
  if (bound !== undefined && choice.route === undefined) {
    const own = boundCandidate(choice, chosenAt, bound)
    if (own !== undefined) return own
  }
  const { candidates } = application
  const tunnelled = choice.needsTunnel
    ? cascade.choose(withTunnels(candidates), choice, chosenAt)
    : undefined
  const chosen = tunnelled ?? cascade.choose(candidates, choice, chosenAt)
  if (chosen === undefined || !isFullFor(chosen, choice)) return chosen
  choice.full = chosen
  return undefined
}

/** A node of AJP gets the request as an ordinary one, and so does one of HTTP/2 that takes no WebSockets: they are chosen when there is no other. */
const withTunnels = (candidates: readonly Candidate[]): readonly Candidate[] =>
  candidates.filter(({ node }) => node.type !== 'ajp' && !isHttp2(node))

function boundCandidate(
  choice: Readonly<ChoiceState>,
  chosenAt: Moment,
  bound: ReadonlySet<LeasedConnection>,
): Candidate | undefined {
  for (const { node, isLoggedIn } of [...bound].reverse()) {
    if (!isLoggedIn) continue
    const candidate = choice.application.candidates.find((other) => other.node === node)
    const [own] = candidate === undefined ? [] : usable(candidate.alone, choice, chosenAt)
    if (own !== undefined) return own
  }
  return undefined
}

/** The node has failed and is not chosen again for this request. */
export function exclude(choice: ChoiceState, { node }: Candidate): void {
  choice.tried = [...choice.tried, node.id]
}
