// `bySession`: a session goes to its own node (mcmp.md 3.2, 3.3). When that node is not among the candidates and the
// balancer has StickySessionForce, only the nodes of its domain are left; none when it has no domain. A node that has
// stalled keeps its sessions with StickySessionForce, or when it is the only one.
// `bySession NAME` and `bySession hex NAME=` read the session id themselves (session-id.ts).

import type { Candidacy, Kind } from './candidacy.ts'
import { readSessionArgument } from './session-id.ts'

const byRoute: Candidacy = (candidates, exchange, clock) => {
  const { route, balancer } = exchange
  if (route === undefined || !balancer.sticky) return candidates
  for (const candidate of candidates) {
    if (candidate.node.route !== route) continue
    const { live } = candidate
    const mayMove = !balancer.stickyForce && candidates.length > 1 && live.room.inHand > 0
    if (!mayMove || !live.stall.isStalled(live, clock.now())) return candidate.alone
    return candidates.filter((other) => other !== candidate)
  }
  if (!balancer.stickyForce) return candidates
  if (exchange.domain === '') return []
  return candidates.filter((candidate) => candidate.node.domain === exchange.domain)
}

export const bySession: Kind = {
  name: 'bySession',
  aliases: [],
  form: '[NAME | hex NAME=], NAME a cookie or path parameter',
  read: (argument) =>
    argument === '' ? () => ({ apply: byRoute }) : readSessionArgument(argument),
}
