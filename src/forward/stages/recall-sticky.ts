// Still stage 3: what the proxy itself recognises a session by: the key in a header field or query parameter, and its own
// cookie. Called by recall.ts for requests that may carry one of them.

import { stickyLimits } from '../../base/limits.ts'
import { hashOf } from '../../candidacy/affinity.ts'
import type { Application } from '../../cluster/routes.ts'
import { queryParameter } from '../../wire/http/query.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import { cookieValues } from '../../wire/session.ts'
import type { ChoiceState, ReceivedCookie, RequestState } from '../exchange-state.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import type { StickyRule, StickySession } from '../shared/sticky-rules.ts'
import { nodeOf, select } from './select.ts'

export type StickyTraffic = Pick<ExchangeTraffic, 'sticky' | 'clock'>

/** @returns whether the request belongs to a session that the proxy recognises. */
export function recallSticky(
  request: Readonly<RequestState>,
  choice: ChoiceState,
  traffic: StickyTraffic,
): boolean {
  return (
    (traffic.sticky.readsKeys && recallKey(request, choice, traffic)) ||
    (request.head.cookie >= 0 && recallCookie(request, choice, traffic))
  )
}

/** The proxy's cookie in a request whose session was found by other means: it is not forwarded. */
export function noteCookie(
  { head }: Readonly<RequestState>,
  choice: ChoiceState,
  traffic: StickyTraffic,
): void {
  if (head.cookie < 0) return
  receive(choice, receivedCookie(traffic.sticky.of(choice.application), head, traffic))
}

/** A key may be a session id with a route; any other one chooses a node by its hash. */
function recallKey(
  request: Readonly<RequestState>,
  choice: ChoiceState,
  traffic: StickyTraffic,
): boolean {
  const { head, applications, routes } = request
  for (const application of applications) {
    const rule = traffic.sticky.of(application)
    const header = headerKey(head, rule)
    const key = header === '' ? queryKey(head, rule) : header
    if (key === '') continue
    const node = nodeOf(key, application.balancer, routes)
    select(choice, application)
    choice.recalledBy = header === '' ? 'query' : 'header'
    choice.sessionId = key
    choice.hasSession ||= node !== undefined
    choice.route = node?.route
    choice.slot = node?.slot
    choice.domain = node?.domain ?? ''
    choice.affinity = hashOf(key)
    noteCookie(request, choice, traffic)
    return true
  }
  return false
}

function headerKey({ fields }: RequestHead, { header }: StickyRule): string {
  const at = header === undefined ? -1 : fields.indexOf(header)
  return at < 0 ? '' : fields.value(at).slice(0, stickyLimits.keyMax)
}

function queryKey(head: RequestHead, { query }: StickyRule): string {
  const { fields, queryFrom, targetTo } = head
  if (query === undefined || queryFrom === 0) return ''
  const key = queryParameter(fields.bytes, queryFrom, targetTo, query) ?? ''
  return key.slice(0, stickyLimits.keyMax)
}

/** Of several balancers, the one that has the node of the session, else the one whose cookie it is. */
function recallCookie(
  { head, applications }: Readonly<RequestState>,
  choice: ChoiceState,
  traffic: StickyTraffic,
): boolean {
  let [first] = applications as [Application]
  let best: ReceivedCookie | undefined
  for (const application of applications) {
    const received = receivedCookie(traffic.sticky.of(application), head, traffic)
    if (worthOf(received) <= worthOf(best)) continue
    first = application
    best = received
  }
  receive(choice, best)
  if (best?.session === undefined) return false
  bind(choice, first, best.session)
  return true
}

/** The response may get another cookie instead. */
function receive(choice: ChoiceState, received: ReceivedCookie | undefined): void {
  choice.sticky = received
  if (received !== undefined) choice.mayInsert = true
}

function worthOf(received: ReceivedCookie | undefined): number {
  if (received === undefined) return 0
  if (received.session === undefined) return 1
  return received.session.node === undefined ? 2 : 3
}

function bind(choice: ChoiceState, application: Application, session: StickySession): void {
  const { node, domain, client } = session
  select(choice, application)
  // An id of the application tells its sessions apart better.
  if (!choice.hasSession) choice.sessionId = client
  choice.hasSession = true
  choice.recalledBy = 'cookie'
  choice.route = node?.route
  choice.slot = node?.slot
  choice.domain = domain
  choice.affinity = hashOf(client)
}

/**
 * The first cookie of the rule that names a node of the application, else the first valid one: a client sends those of all
 * contexts above the path, the nearest first [RFC 6265 5.4].
 */
function receivedCookie(
  rule: StickyRule,
  head: RequestHead,
  { clock }: Pick<StickyTraffic, 'clock'>,
): ReceivedCookie | undefined {
  const { insert } = rule
  if (insert === undefined) return undefined
  const values = cookieValues(head, rule.cookie)
  if (values.length === 0) return undefined
  const now = Math.floor(clock.wall() / 1_000)
  let session: StickySession | undefined
  for (const value of values.slice(0, stickyLimits.cookiesMax)) {
    const found = rule.read(value, now)
    if (found?.node !== undefined) return { name: insert.name, session: found }
    session ??= found
  }
  return { name: insert.name, session }
}
