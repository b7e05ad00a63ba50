// What a container is told about the client of a request: AJP carries it beside the fields, so that the
// application sees the client as if it had come directly.

import { isIP } from 'node:net'
import type { RequestFacts } from '../../wire/ajp/forward-request.ts'
import { FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO } from '../../wire/http/field-name.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { ExchangeClient } from '../client/exchange-client.ts'
import type { Traffic } from '../traffic/traffic.ts'

/** @param head as it is sent: with our own lines about the client, and with those of trusted proxies only. */
export function ajpFacts(
  head: RequestHead,
  client: ExchangeClient,
  traffic: Traffic,
): RequestFacts {
  const told = readClaims(head)
  const remoteAddress = clientAddress(told.addresses, client.address, traffic)
  const isSecure = told.scheme === 'https'
  const authority = text(head.fields.bytes, head.hostFrom, head.hostTo) || client.localAuthority
  const attributes: [string, string][] = [
    ['AJP_LOCAL_ADDR', hostName(client.localAuthority).replace(/^\[(.*)\]$/, '$1')],
  ]
  // What is known of the connection is known of its other end, which may be a proxy.
  const isDirect = remoteAddress === client.address
  const tls = isDirect ? client.tls : undefined
  if (isDirect && client.port !== undefined)
    attributes.push(['AJP_REMOTE_PORT', String(client.port)])
  if (tls !== undefined) attributes.push(['AJP_SSL_PROTOCOL', tls.protocol])
  return {
    remoteAddress,
    serverName: hostName(authority),
    serverPort: portOf(authority) ?? (isSecure ? 443 : 80),
    isSecure,
    certificate: tls?.certificate,
    cipher: tls?.cipher,
    tlsSession: tls?.session,
    keySize: tls?.keySize,
    secret: traffic.ajp.secret,
    attributes,
  }
}

interface Claims {
  /** As the hops have added them: the nearest last. */
  readonly addresses: readonly string[]
  readonly scheme: string
}

function readClaims({ fields }: RequestHead): Claims {
  let addresses: string[] = []
  let elements: string[] = []
  let scheme = ''
  for (let f = 0; f < fields.count; f++) {
    const kind = fields.kind(f)
    if (kind === X_FORWARDED_FOR) addresses = fields.value(f).split(',')
    else if (kind === FORWARDED) elements = fields.value(f).split(',')
    else if (kind === X_FORWARDED_PROTO) scheme = fields.value(f)
  }
  // A proxy in front may speak the standard's field only; then ours is alone in the other.
  if (elements.length > addresses.length)
    addresses = elements.map((element) => /(?:^|;)\s*for="?([^";]*)/i.exec(element)?.[1] ?? '')
  return {
    addresses: addresses.map(bareAddress),
    scheme: scheme.split(',', 1)[0]?.trim().toLowerCase() ?? '',
  }
}

/** The first one, from the near end, that is no trusted proxy; what is no address ends the search. */
function clientAddress(told: readonly string[], nearest: string, traffic: Traffic): string {
  let known = nearest
  for (const address of told.toReversed()) {
    if (isIP(address) === 0) return known
    known = address
    if (!traffic.isTrusted(address)) return known
  }
  return known
}

/** `1.2.3.4:80`, `[::1]:80` and `[::1]` are what some proxies write. */
function bareAddress(told: string): string {
  const [, v6, v4] = /^\s*(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)\s*$/.exec(told) ?? []
  return v6 ?? v4 ?? told.trim()
}

function portOf(authority: string): number | undefined {
  const digits = /:(\d{1,5})$/.exec(authority)?.[1]
  const port = Number(digits)
  return digits !== undefined && port > 0 && port <= 65_535 ? port : undefined
}
