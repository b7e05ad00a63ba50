// Stage 5: the head for the node, put together once and kept for another attempt.

import type { Candidate } from '../../cluster/routes.ts'
import { text } from '../../wire/http/fields.ts'
import { Out } from '../../wire/http/out.ts'
import { writeRequestHead } from '../../wire/http/outgoing-request.ts'
import { withoutCookie, withoutPathParameter } from '../../wire/session.ts'
import type { Exchange } from '../exchange.ts'

export function outgoing(exchange: Exchange, candidate: Candidate | undefined, out: Out): void {
  const { head, client } = exchange
  const strips = candidate !== undefined && leavesDomain(exchange, candidate)
  writeRequestHead(
    {
      head,
      client,
      upgrades: exchange.upgrades,
      target: strips ? strippedTarget(exchange) : undefined,
      cookie: strips ? strippedCookie(exchange) : undefined,
    },
    out,
  )
}

/**
 * The same head for a later attempt, whose node may be outside the domain of the session when the first
 * one was not, or was not known yet. Bytes that were validated are cut, none are added.
 */
export function outgoingAgain(exchange: Exchange, candidate: Candidate): void {
  const { out, balancer } = exchange
  if (out === undefined || !leavesDomain(exchange, candidate)) return
  const text = out.content.toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n')
  const kept = fields.flatMap((field) => {
    if (!/^cookie:/i.test(field)) return [field]
    const value = withoutCookie(field.slice('cookie:'.length), balancer.cookie)
    return value === '' ? [] : [`Cookie: ${value}`]
  })
  const [method = '', target = '', version = ''] = line.split(' ')
  const stripped = withoutPathParameter(target, balancer.pathParameter)
  const head = [`${method} ${stripped} ${version}`, ...kept].join('\r\n')
  // Not the same bytes again: a connection that failed may still hold them.
  const again = new Out(text.length)
  again.latin1(head + text.slice(headEnd))
  exchange.out = again
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
