// Session ids and the routes in them: `<id>.<route>` in a cookie or in a path parameter (mcmp.md 3.2).

import { indexIn } from './http/bytes.ts'

const SEMICOLON = 0x3b
const EQUALS = 0x3d

/** The route: everything after the first dot; `undefined` when there is none. */
export function routeOf(sessionId: string): string | undefined {
  const dot = sessionId.indexOf('.')
  return dot < 0 || dot === sessionId.length - 1 ? undefined : sessionId.slice(dot + 1)
}

/** The value of the first cookie `name` in a Cookie field bytes[from..to), quotes stripped. */
export function cookieValue(
  bytes: Buffer,
  from: number,
  to: number,
  name: Uint8Array,
): string | undefined {
  let i = from
  while (i < to) {
    while (i < to && (bytes[i] === 0x20 || bytes[i] === 0x09)) i++
    let n = 0
    while (n < name.length && i + n < to && bytes[i + n] === name[n]) n++
    let end = indexIn(bytes, SEMICOLON, i, to)
    if (end < 0) end = to
    if (n === name.length && bytes[i + n] === EQUALS && i + n < end) {
      const value = bytes.toString('latin1', i + n + 1, end).trim()
      return value.startsWith('"') && value.endsWith('"') && value.length > 1
        ? value.slice(1, -1)
        : value
    }
    i = end + 1
  }
  return undefined
}

/** The value of `;name=` in the path of a target; the query is not searched. */
export function pathParameter(target: string, name: string): string | undefined {
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  const at = path.indexOf(`;${name}=`)
  if (at < 0) return undefined
  const value = path.slice(at + name.length + 2)
  const end = value.search(/[;/]/)
  return end < 0 ? value : value.slice(0, end)
}

/** A target without `;name=...`. */
export function withoutPathParameter(target: string, name: string): string {
  const value = pathParameter(target, name)
  return value === undefined ? target : target.replace(`;${name}=${value}`, '')
}

/** A Cookie value without the cookies called `name`; '' when none are left. */
export function withoutCookie(value: string, name: string): string {
  return value
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !cookie.startsWith(`${name}=`))
    .join('; ')
}
