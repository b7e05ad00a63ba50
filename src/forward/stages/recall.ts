// Stage 3: the session in a cookie or path parameter -> the balancer, route and domain that it belongs to (mcmp.md 3.2).

import type { Balancer } from '../../cluster/balancer.ts'
import type { Node } from '../../cluster/node.ts'
import type { Application, Routes } from '../../cluster/routes.ts'
import { indexIn } from '../../wire/http/bytes.ts'
import { COOKIE } from '../../wire/http/field-name.ts'
import { text } from '../../wire/http/fields.ts'
import { addCookieValues, pathParameters, routesOf } from '../../wire/session.ts'
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
  for (const sessionId of sessionIdsOf(application, request)) {
    if (sessionId === '') continue
    if (!choice.hasSession) choice.sessionId = sessionId
    choice.hasSession = true
    const node = nodeOf(sessionId, balancer, request.routes)
    if (node === undefined) continue
    select(choice, application)
    choice.sessionId = sessionId
    choice.route = node.route
    choice.domain = node.domain
    return true
  }
  return false
}

/** The first node of the balancer that the session id names. */
function nodeOf(sessionId: string, balancer: Balancer, routes: Routes): Node | undefined {
  for (const route of routesOf(sessionId)) {
    const node = routes.node(route)
    if (node?.balancer === balancer.name) return node
  }
  return undefined
}

/** All of them: a client may send the cookie of a session that is over beside the present one, in any order. */
function sessionIdsOf(
  application: Application,
  { head }: Readonly<RequestState>,
): readonly string[] {
  const { fields } = head
  const { bytes } = fields
  let found: string[] | undefined
  if (head.cookie >= 0) {
    for (let f = head.cookie; f < fields.count; f++) {
      if (fields.kinds[f] !== COOKIE) continue
      const [from, to] = [fields.valueFrom(f), fields.valueTo(f)]
      found = addCookieValues(bytes, from, to, application.cookie, found)
    }
  }
  if (indexIn(bytes, SEMICOLON, head.targetFrom, head.targetTo) < 0) return found ?? none
  const target = text(bytes, head.targetFrom, head.targetTo)
  return [...(found ?? none), ...pathParameters(target, application.balancer.pathParameter)]
}

const none: readonly string[] = []
