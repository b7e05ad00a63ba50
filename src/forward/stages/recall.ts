// Stage 3: the session of a request -> the balancer, route and domain that it belongs to (mcmp.md 3.2). The session id of
// the application comes first, then what the proxy itself recognises a session by (recall-sticky.ts).

import type { Application } from '../../cluster/routes.ts'
import { indexIn } from '../../wire/http/bytes.ts'
import { text } from '../../wire/http/fields.ts'
import { cookieValues, pathParameters } from '../../wire/session.ts'
import type { ChoiceState, RequestState } from '../exchange-state.ts'
import { opensEngineIo } from './engine-io.ts'
import { noteCookie, recallSticky, type StickyTraffic } from './recall-sticky.ts'
import { nodeOf, select } from './select.ts'

const SEMICOLON = 0x3b

export function recall(
  request: Readonly<RequestState>,
  choice: ChoiceState,
  traffic: StickyTraffic,
): void {
  const { applications, head } = request
  const { sticky } = traffic
  select(choice, applications[0] as Application)
  choice.mayInsert = sticky.insertsAlways
  const mayBeSticky = head.cookie >= 0 ? !sticky.isOff : sticky.readsKeys
  for (let i = 0; i < applications.length; i++) {
    if (!recallIn(applications[i] as Application, request, choice)) continue
    if (mayBeSticky) noteCookie(request, choice, traffic)
    return
  }
  if (mayBeSticky && recallSticky(request, choice, traffic)) return
  if (head.queryFrom > 0 && opensEngineIo(head)) choice.mayInsert = choice.beginsSession = true
  if (applications.length === 1) return
  select(choice, openOne(applications, choice.hasSession))
  if (mayBeSticky) noteCookie(request, choice, traffic)
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
    choice.slot = node.slot
    choice.domain = node.domain
    choice.recalledBy = 'id'
    return true
  }
  return false
}

/** All of them: a client may send the cookie of a session that is over beside the present one, in any order. */
function sessionIdsOf(
  application: Application,
  { head }: Readonly<RequestState>,
): readonly string[] {
  const found = head.cookie < 0 ? none : cookieValues(head, application.cookie)
  const { bytes } = head.fields
  if (indexIn(bytes, SEMICOLON, head.targetFrom, head.targetTo) < 0) return found
  const target = text(bytes, head.targetFrom, head.targetTo)
  return [...found, ...pathParameters(target, application.balancer.pathParameter)]
}

const none: readonly string[] = []
