// Session ids with routes, `<id>.<route>`, in cookies and path parameters (mcmp.md 3.2).

import { indexIn } from './http/bytes.ts'
import { COOKIE } from './http/field-name.ts'
import type { RequestHead } from './http/request-head.ts'

const SEMICOLON = 0x3b
const EQUALS = 0x3d

/** The route: everything after the first dot; `undefined` when there is none. */
export function routeOf(sessionId: string): string | undefined {
  const dot = sessionId.indexOf('.')
  return dot < 0 || dot === sessionId.length - 1 ? undefined : sessionId.slice(dot + 1)
}

/**
 * The routes that a session id can name, in order of preference: everything after the first dot; then, for WildFly's ranked
 * routes (`id.first.second`), each part and each remainder.
 */
export function routesOf(sessionId: string): readonly string[] {
  const whole = routeOf(sessionId)
  if (whole === undefined) return none
  if (!whole.includes('.')) return [whole]
  const parts = whole.split('.', rankedMax)
  const ranked = parts.flatMap((part, index) => [part, parts.slice(index).join('.')])
  return [...new Set([whole, ...ranked])]
}

/** Most parts of a route that are looked up. */
const rankedMax = 8
const none: readonly string[] = []

/** The value of the first cookie `name` in a Cookie field bytes[from..to), without quotes. */
export function cookieValue(
  bytes: Buffer,
  from: number,
  to: number,
  name: Uint8Array,
): string | undefined {
  const at = findCookie(bytes, from, to, name)
  return at < 0 ? undefined : valueAt(bytes, at + name.length + 1, to)
}

/** The values of all cookies `name` in a request that has a Cookie field. */
export function cookieValues(
  { fields, cookie }: Pick<RequestHead, 'fields' | 'cookie'>,
  name: Uint8Array,
): readonly string[] {
  let found: string[] | undefined
  for (let f = cookie; f < fields.count; f++) {
    if (fields.kinds[f] !== COOKIE) continue
    found = addCookieValues(fields.bytes, fields.valueFrom(f), fields.valueTo(f), name, found)
  }
  return found ?? none
}

/** The given values followed by those of all cookies `name` in a Cookie field bytes[from..to). */
export function addCookieValues(
  bytes: Buffer,
  from: number,
  to: number,
  name: Uint8Array,
  values: string[] | undefined,
): string[] | undefined {
  let found = values
  let at = findCookie(bytes, from, to, name)
  while (at >= 0) {
    found ??= []
    found.push(valueAt(bytes, at + name.length + 1, to))
    at = findCookie(bytes, endOfCookie(bytes, at, to) + 1, to, name)
  }
  return found
}

/** Offset of the next cookie `name` in bytes[from..to), or -1. @param from the start of a cookie. */
function findCookie(bytes: Buffer, from: number, to: number, name: Uint8Array): number {
  let i = from
  while (i < to) {
    while (i < to && (bytes[i] === 0x20 || bytes[i] === 0x09)) i++
    let n = 0
    while (n < name.length && i + n < to && bytes[i + n] === name[n]) n++
    if (n === name.length && i + n < to && bytes[i + n] === EQUALS) return i
    i = endOfCookie(bytes, i, to) + 1
  }
  return -1
}

function endOfCookie(bytes: Buffer, from: number, to: number): number {
  const end = indexIn(bytes, SEMICOLON, from, to)
  return end < 0 ? to : end
}

function valueAt(bytes: Buffer, from: number, to: number): string {
  const value = bytes.toString('latin1', from, endOfCookie(bytes, from, to)).trim()
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"')
  return isQuoted ? value.slice(1, -1) : value
}

/** The values of `;name=` in the path of a target; the query is not searched. */
export function pathParameters(target: string, name: string): string[] {
  const [path = ''] = target.split('?', 1)
  const [, ...behind] = path.split(`;${name}=`)
  return behind.map((text) => {
    const end = text.search(/[;/]/)
    return end < 0 ? text : text.slice(0, end)
  })
}

/** A target without any `;name=...`. */
export function withoutPathParameter(target: string, name: string): string {
  const [path = ''] = target.split('?', 1)
  const [before = '', ...behind] = path.split(`;${name}=`)
  const kept = behind.map((text) => {
    const end = text.search(/[;/]/)
    return end < 0 ? '' : text.slice(end)
  })
  return before + kept.join('') + target.slice(path.length)
}

/** A Cookie value without the cookies `name`, and otherwise unchanged; '' when none are left. */
export function withoutCookie(value: string, name: string): string {
  const wanted = `${name}=`
  let kept = ''
  for (let from = 0; from < value.length; ) {
    const semicolon = value.indexOf(';', from)
    const end = semicolon < 0 ? value.length : semicolon
    let at = from
    while (value[at] === ' ' || value[at] === '\t') at++
    if (!value.startsWith(wanted, at)) kept += value.slice(kept === '' ? at : from - 1, end)
    from = end + 1
  }
  return kept
}
