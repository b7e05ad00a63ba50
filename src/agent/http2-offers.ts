// Ignores offers to switch a connection to HTTP/2 (`Upgrade: h2c`), as a server may (RFC 9110 7.8). Undertow's proxy makes
// one with the first request of each connection. Node.js emits it as `upgrade` once the application has a listener for
// WebSockets, and WebSocket libraries refuse it. Used by local-server.ts.

import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { parseAgain } from '../node-internals/http-parser.ts'
import { type Interception, interceptEvents } from '../node-internals/intercept-events.ts'

/** Requests with an offer reach the listeners of the server as plain ones. */
export function ignoreOffers(server: Server): Interception {
  return interceptEvents(server, (event, request, socket, rest) => {
    if (event !== 'upgrade') return false
    const head = withoutOffer(request as IncomingMessage)
    if (head === undefined) return false
    return parseAgain(server, socket as Socket, Buffer.concat([head, rest as Buffer]))
  })
}

type Head = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders'>

/** The head of a request without its offer of HTTP/2; `undefined` when it has none. */
export function withoutOffer({ method, url, httpVersion, rawHeaders }: Head): Buffer | undefined {
  const fields: [name: string, value: string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  const protocols = itemsOf(fields, 'upgrade')
  if (!protocols.some(isOffer)) return undefined
  const isUpgradeLeft = !protocols.every(isOffer)
  const isKept: Readonly<Record<string, (item: string) => boolean>> = {
    upgrade: (item) => !isOffer(item),
    connection: (item) =>
      !/^http2-settings$/i.test(item) && (isUpgradeLeft || !/^upgrade$/i.test(item)),
    'http2-settings': () => false,
  }
  const lines = fields.flatMap(([name, value]) => {
    const keeps = isKept[name.toLowerCase()]
    const left = keeps === undefined ? value : items(value).filter(keeps).join(', ')
    return keeps !== undefined && left === '' ? [] : [`${name}: ${left}\r\n`]
  })
  return Buffer.from(`${method} ${url} HTTP/${httpVersion}\r\n${lines.join('')}\r\n`, 'latin1')
}

const isOffer = (protocol: string): boolean => /^h2c$/i.test(protocol)

const items = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const itemsOf = (fields: readonly [name: string, value: string][], wanted: string): string[] =>
  fields.flatMap(([name, value]) => (name.toLowerCase() === wanted ? items(value) : []))
