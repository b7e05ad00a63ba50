// Stage 5: the head for the node, put together once and kept for another attempt.

import type { Candidate } from '../cluster/routes.ts'
import { text } from '../wire/http/fields.ts'
import type { Out } from '../wire/http/out.ts'
import { writeRequestHead } from '../wire/http/outgoing-request.ts'
import { withoutCookie, withoutPathParameter } from '../wire/session.ts'
import type { Exchange } from './exchange.ts'

export function outgoing(exchange: Exchange, candidate: Candidate | undefined, out: Out): void {
  const { head, client } = exchange
  const strips = candidate !== undefined && leavesDomain(exchange, candidate)
  writeRequestHead(
    {
      head,
      forwarded: client.forwarded,
      trusted: client.trusted,
      upgrades: exchange.upgrades,
      defaultHost: client.localAuthority,
      target: strips ? strippedTarget(exchange) : undefined,
      cookie: strips ? strippedCookie(exchange) : undefined,
    },
    out,
  )
}

/** StickySessionRemove: the session id means nothing outside its domain (mcmp.md 3.3). */
function leavesDomain(exchange: Exchange, candidate: Candidate): boolean {
  const { route, balancer, domain } = exchange
  if (route === undefined || !balancer.stickyRemove) return false
  if (candidate.node.route === route) return false
  return domain === '' || candidate.node.domain !== domain
}

function strippedTarget(exchange: Exchange): string {
  const { head, balancer } = exchange
  const target = text(head.fields.bytes, head.targetFrom, head.targetTo)
  return withoutPathParameter(target, balancer.pathParameter)
}

function strippedCookie(exchange: Exchange): string | undefined {
  const { head, balancer } = exchange
  if (head.cookie < 0) return undefined
  return withoutCookie(head.fields.value(head.cookie), balancer.cookie)
}
