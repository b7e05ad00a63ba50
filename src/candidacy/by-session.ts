// `bySession`: a session goes to its own node (mcmp.md 3.2, 3.3). When that node is not among the candidates and the
// balancer has StickySessionForce, only the nodes of its domain are left; none when it has no domain. A node that has
// stalled keeps its sessions with StickySessionForce, or when it is the only one. A session with a key (`affinity`) goes to
// the node that its key chooses, where it has no node or that node is gone.
// `bySession NAME` and `bySession hex NAME=` read the session id themselves (session-id.ts).

import { byKey } from './affinity.ts'
import type { Candidacy, Candidate, ExchangeView, Kind } from './candidacy.ts'
import { readSessionArgument } from './session-id.ts'

const byRoute: Candidacy = (candidates, exchange, clock) => {
  const { route, balancer, affinity } = exchange
  if (route === undefined || !balancer.sticky) return unbound(candidates, exchange)
  const isForced =
    balancer.stickyForce && (affinity === undefined || balancer.isForceDefault !== true)
  for (const candidate of candidates) {
    if (candidate.node.route !== route) continue
    const { live } = candidate
    const mayMove = !isForced && candidates.length > 1 && live.room.inHand > 0
    if (!mayMove || !live.stall.isStalled(live, clock.now())) return candidate.alone
    return unbound(
      candidates.filter((other) => other !== candidate),
      exchange,
    )
  }
  if (!isForced) return unbound(candidates, exchange)
  if (exchange.domain === '') return []
  return unbound(
    candidates.filter((candidate) => candidate.node.domain === exchange.domain),
    exchange,
  )
}

/** No node of the session is usable: its key chooses another one, so that parallel requests of a client stay together. */
const unbound = (
  candidates: readonly Candidate[],
  { affinity, domain }: ExchangeView,
): readonly Candidate[] =>
  affinity === undefined ? candidates : byKey(candidates, affinity, domain)

const isUnbound = (_: Candidate, { route, affinity }: ExchangeView): boolean =>
  route === undefined && affinity === undefined

export const bySession: Kind = {
  name: 'bySession',
  aliases: [],
  form: '[NAME | hex NAME=], NAME a cookie or path parameter',
  read: (argument) =>
    argument === '' ? () => ({ apply: byRoute, admits: isUnbound }) : readSessionArgument(argument),
}
