// Still stage 7: the lines that a response gets: the proxy's own sticky cookie, Strict-Transport-Security, and the id of the request.

import type { Random } from '../../base/clock.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { SET_COOKIE } from '../../wire/http/field-name.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import { readSetCookie, type SetCookie } from '../../wire/http/set-cookie.ts'
import { routesOf } from '../../wire/session.ts'
import type { ResponseStage } from '../exchange-state.ts'
import { clientPath } from '../rules/prefix-change.ts'
import { cookieLine } from '../shared/cookie-line.ts'
import { hstsFor } from '../shared/hsts.ts'
import { idLineFor } from '../shared/request-id.ts'
import type { InsertSettings } from '../shared/sticky-settings.ts'

/** A shared cache would give the cookie, and so the node, to all of its clients. */
const privateLine = Buffer.from('Cache-Control: private\r\n')

/** The lines that a response gets, `undefined` when it stays as it is. @param candidate the node that has answered. */
export function insertion(state: ResponseStage, candidate: Candidate): Buffer | undefined {
  const { client, response, traffic, request } = state
  const { fields } = response.head
  const { hsts, settings } = traffic
  const cookie = ownCookie(state, candidate)
  const security =
    hsts === undefined || client.tls === undefined ? undefined : hstsFor(fields, hsts)
  const id = settings.requestId === 'client' ? idLineFor(fields, request.id) : undefined
  return joined(joined(cookie, security), id)
}

const joined = (a: Buffer | undefined, b: Buffer | undefined): Buffer | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Buffer.concat([a, b])

function ownCookie(state: ResponseStage, candidate: Candidate): Buffer | undefined {
  const { request, choice, response, traffic } = state
  // Neither does the response set a cookie, nor does the request give a reason.
  if (response.head.setCookie < 0 && !choice.mayInsert) return undefined
  // A peer that hands over leaves the cookies to the application.
  if (choice.chooser !== undefined) return undefined
  const rule = traffic.sticky.of(choice.application)
  const { insert } = rule
  if (insert === undefined || !isDue(state, candidate, insert)) return undefined
  const now = Math.floor(traffic.clock.wall() / 1_000)
  const client = choice.sticky?.session?.client ?? newClient(traffic.random)
  const { path } = choice.application
  const line = cookieLine(insert, {
    value: rule.write(candidate.node, client, now),
    context: request.prefixChange === undefined ? path : clientPath(path, request.prefixChange),
    isSecure: isSecure(state),
  })
  return mayBeShared(response.head) ? Buffer.concat([line, privateLine]) : line
}

function isDue(
  { choice, response, traffic }: ResponseStage,
  { node }: Candidate,
  { when, name }: InsertSettings,
): boolean {
  const { recalledBy, route, balancer, sticky, beginsSession } = choice
  const { head } = response
  if (recalledBy === 'header' || recalledBy === 'query') return false
  if (when === 'auto' && recalledBy === 'id' && route === node.route) return false
  const session = sticky?.session
  if (session?.node?.route === node.route && !session.isStale) return false
  const cookies = cookiesIn(head, traffic.clock.wall())
  // The application, or a proxy behind this one, sets a cookie of this name itself.
  if (cookies.some((cookie) => cookie.name === name)) return false
  // The session has moved, or its cookie is to be renewed.
  if (session !== undefined || when === 'always') return true
  const sendsRoute = (cookie: SetCookie): boolean =>
    cookie.name === balancer.cookie && routesOf(cookie.value).includes(node.route)
  if (cookies.some(sendsRoute)) return false
  return (beginsSession && head.status < 300) || cookies.some(({ isSession }) => isSession)
}

function cookiesIn({ fields, setCookie }: ResponseHead, now: number): readonly SetCookie[] {
  const cookies: SetCookie[] = []
  for (let f = setCookie; f >= 0 && f < fields.count; f++) {
    if (fields.kinds[f] === SET_COOKIE) cookies.push(readSetCookie(fields.value(f), now))
  }
  return cookies
}

/** Three bytes: enough to count the sessions of a node, too few to follow a person. */
const newClient = (random: Random): string => {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntBE(Math.floor(random() * 0x1_00_00_00), 0, 3)
  return bytes.toString('base64url')
}

const protoLine = Buffer.from('\r\nX-Forwarded-Proto: ')

/** Whether the client uses HTTPS, as the node was shown: a trusted proxy in front may have ended the TLS connection. */
function isSecure({ attempts, client }: ResponseStage): boolean {
  const sent = attempts.out?.content
  const at = sent?.indexOf(protoLine) ?? -1
  if (sent === undefined || at < 0) return client.tls !== undefined
  const from = at + protoLine.length
  return /^https\b/i.test(sent.toString('latin1', from, from + 6))
}

const cacheControl = 'cache-control'
const unshared: ReadonlySet<string> = new Set(['private', 'no-store', 'no-cache'])

/** Whether a shared cache may store the response, as far as its fields forbid it. */
function mayBeShared({ fields, status }: ResponseHead): boolean {
  if (status === 101) return false
  for (let f = 0; f < fields.count; f++) {
    if (fields.name(f) !== cacheControl) continue
    const directives = fields.value(f).split(',')
    if (directives.some((directive) => unshared.has(directive.trim().toLowerCase()))) return false
  }
  return true
}
