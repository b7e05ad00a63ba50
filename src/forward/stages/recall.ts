// Stage 3: the session in a cookie or path parameter -> the balancer, route and domain that it belongs to (mcmp.md 3.2).

import type { Application } from '../../cluster/routes.ts'
import { indexIn } from '../../wire/http/bytes.ts'
import { text } from '../../wire/http/fields.ts'
import { cookieValue, pathParameter, routeOf } from '../../wire/session.ts'
import type { ChoiceState, RequestState } from '../exchange-state.ts'

const SEMICOLON = 0x3b

export function recall(request: Readonly<RequestState>, choice: ChoiceState): void {
  const { applications } = request
  select(choice, applications[0] as Application)
  for (let i = 0; i < applications.length; i++) {
    if (recallIn(applications[i] as Application, request, choice)) return
  }
  if (applications.length > 1) select(choice, openOne(applications, choice.hasSession))
}

export function select(choice: ChoiceState, application: Application): void {
  choice.application = application
  choice.balancer = application.balancer
}

/** The first balancer whose context accepts such requests; if none does, the first (mcmp.md 3.1). */
function openOne(applications: readonly Application[], hasSession: boolean): Application {
  const isOpen = ({ candidates }: Application): boolean =>
    candidates.some(({ status }) => status === 'ENABLED' || (hasSession && status === 'DISABLED'))
  return applications.find(isOpen) ?? (applications[0] as Application)
}

/** @returns whether the session's node belongs to this balancer. */
function recallIn(
  application: Application,
  request: Readonly<RequestState>,
  choice: ChoiceState,
): boolean {
  const { balancer } = application
  if (!balancer.sticky) return false
  const sessionId = sessionIdOf(application, request)
  if (sessionId === undefined || sessionId === '') return false
  choice.hasSession = true
  choice.sessionId = sessionId
  const route = routeOf(sessionId)
  const node = route === undefined ? undefined : request.routes.node(route)
  if (node === undefined || node.balancer !== balancer.name) return false
  select(choice, application)
  choice.route = node.route
  choice.domain = node.domain
  return true
}

function sessionIdOf(
  application: Application,
  { head }: Readonly<RequestState>,
): string | undefined {
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
