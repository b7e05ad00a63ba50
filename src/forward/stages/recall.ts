// Stage 3: the session in a cookie or path parameter -> the balancer, route and domain it belongs to
// (mcmp.md 3.2).

import type { Application } from '../../cluster/routes.ts'
import { indexIn } from '../../wire/http/bytes.ts'
import { text } from '../../wire/http/fields.ts'
import { cookieValue, pathParameter, routeOf } from '../../wire/session.ts'
import type { Exchange } from '../exchange.ts'

const SEMICOLON = 0x3b

export function recall(exchange: Exchange): void {
  const { applications } = exchange
  exchange.application = applications[0] as Application
  for (let i = 0; i < applications.length; i++) {
    if (recallIn(applications[i] as Application, exchange)) return
  }
  if (applications.length > 1) exchange.application = openOne(applications, exchange.hasSession)
}

/** The first balancer in which the context takes such requests; without any, the first (mcmp.md 3.1). */
function openOne(applications: readonly Application[], hasSession: boolean): Application {
  const isOpen = ({ candidates }: Application): boolean =>
    candidates.some(({ status }) => status === 'ENABLED' || (hasSession && status === 'DISABLED'))
  return applications.find(isOpen) ?? (applications[0] as Application)
}

/** Whether the session's node is one of this balancer's. */
function recallIn(application: Application, exchange: Exchange): boolean {
  const { balancer } = application
  if (!balancer.sticky) return false
  const sessionId = sessionIdOf(application, exchange)
  if (sessionId === undefined || sessionId === '') return false
  exchange.hasSession = true
  exchange.sessionId = sessionId
  const route = routeOf(sessionId)
  const node = route === undefined ? undefined : exchange.routes.node(route)
  if (node === undefined || node.balancer !== balancer.name) return false
  exchange.application = application
  exchange.route = node.route
  exchange.domain = node.domain
  return true
}

function sessionIdOf(application: Application, exchange: Exchange): string | undefined {
  const { head } = exchange
  const { fields } = head
  if (head.cookie >= 0) {
    const from = fields.valueFrom(head.cookie)
    const value = cookieValue(fields.bytes, from, fields.valueTo(head.cookie), application.cookie)
    if (value !== undefined) return value
  }
  if (indexIn(fields.bytes, SEMICOLON, head.targetFrom, head.targetTo) < 0) return undefined
  const target = text(fields.bytes, head.targetFrom, head.targetTo)
  return pathParameter(target, application.balancer.pathParameter)
}
