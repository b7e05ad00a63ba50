// Session affinity by a named session id, for peers. `bySession NAME` finds `<id>.<route>` in the cookie, path parameter or
// query argument NAME; the route is signed if there are keys. `bySession hex NAME=` is mod_backhand's form: an id that
// begins with the IPv4 address of its server in 8 hexadecimal digits. If the session names no candidate, the list stays
// unchanged.

import { cookieValue, pathParameters, routeOf } from '../wire/session.ts'
import { openRoute } from '../wire/signed-route.ts'
import type { Candidate, Maker, Means, RequestView } from './candidacy.ts'
import { nameOf } from './figures.ts'

export function readSessionArgument(argument: string): Maker | string {
  const [, hex, name] = /^(hex\s+)?([\w.-]{1,64})=?$/.exec(argument) ?? []
  if (name === undefined) return `${JSON.stringify(argument)} is no name of a cookie`
  return (means) => ({
    readsRequest: true,
    apply(candidates, { request }) {
      const id = request === undefined ? undefined : sessionId(request, name)
      if (id === undefined) return candidates
      const isNamed = hex === undefined ? namedByRoute(id, means) : namedByAddress(id)
      return candidates.find(isNamed)?.alone ?? candidates
    },
  })
}

function sessionId(request: RequestView, name: string): string | undefined {
  const cookies = Buffer.from(request.field('cookie') ?? '', 'latin1')
  const cookie = cookieValue(cookies, 0, cookies.length, Buffer.from(name))
  return cookie ?? pathParameters(request.target, name)[0] ?? queryArgument(request.target, name)
}

function queryArgument(target: string, name: string): string | undefined {
  const query = target.indexOf('?')
  if (query < 0) return undefined
  return new URLSearchParams(target.slice(query + 1)).get(name) ?? undefined
}

function namedByRoute(id: string, { routeKeys }: Means): (candidate: Candidate) => boolean {
  const suffix = routeOf(id)
  const route =
    suffix === undefined || routeKeys.length === 0 ? suffix : openRoute(suffix, routeKeys)
  return (candidate) => route !== undefined && nameOf(candidate) === route
}

/** Such an id has no port: the first server at the address is chosen. */
function namedByAddress(id: string): (candidate: Candidate) => boolean {
  const digits = /^[0-9a-fA-F]{8}/.exec(id)?.[0]
  const address = digits === undefined ? undefined : [...Buffer.from(digits, 'hex')].join('.')
  return ({ peer, node }) => (peer?.announcement.host ?? node.host) === address
}
