// The client of a request as AJP carries it beside the fields, so that the application sees the client as if it had
// connected directly.

import { bareHost } from '../../base/host-port.ts'
import type { RequestFacts } from '../../wire/ajp/forward-request.ts'
import { clientBehind, hopsInList } from '../../wire/forwarded-hops.ts'
import { X_FORWARDED_FOR, X_FORWARDED_PROTO } from '../../wire/http/field-name.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { RequestSource } from './request-source.ts'

/** @param head as it is sent: with our own lines about the client, and only with those of trusted proxies. */
export function ajpFacts(
  head: RequestHead,
  client: RequestSource,
  secret: string | undefined,
  isTrusted: (address: string) => boolean,
): RequestFacts {
  const claims = readClaims(head)
  const remoteAddress = clientBehind(claims.addresses, client.address, isTrusted)
  const isSecure = claims.scheme === 'https'
  const authority = text(head.fields.bytes, head.hostFrom, head.hostTo) || client.localAuthority
  const attributes: [string, string][] = [
    ['AJP_LOCAL_ADDR', bareHost(hostWithoutPort(client.localAuthority))],
  ]
  // Port and TLS belong to the other end of the connection, which may be a proxy.
  const isDirect = remoteAddress === client.address
  const tls = isDirect ? client.tls : undefined
  if (isDirect && client.port !== undefined)
    attributes.push(['AJP_REMOTE_PORT', String(client.port)])
  if (tls !== undefined) attributes.push(['AJP_SSL_PROTOCOL', tls.protocol])
  return {
    remoteAddress,
    serverName: hostWithoutPort(authority),
    serverPort: portOf(authority) ?? (isSecure ? 443 : 80),
    isSecure,
    certificate: tls?.certificate,
    cipher: tls?.cipher,
    tlsSession: tls?.session,
    keySize: tls?.keySize,
    secret,
    attributes,
  }
}

interface Claims {
  /** In the order in which the hops added them: the nearest is last; '' in place of any other text. Without our own. */
  readonly addresses: readonly string[]
  readonly scheme: string
}

/** Reads X-Forwarded-* of the outgoing head; its Forwarded has the same values (wire/forwarded.ts). */
function readClaims({ fields }: RequestHead): Claims {
  let addresses: string[] = []
  let scheme = ''
  for (let f = 0; f < fields.count; f++) {
    const kind = fields.kinds[f]
    if (kind === X_FORWARDED_FOR)
      addresses = hopsInList(fields.value(f)).map(({ address }) => address)
    else if (kind === X_FORWARDED_PROTO) scheme = fields.value(f)
  }
  // Our own entry is last, and the address of the connection is known better: on a unix socket it is `unknown` there.
  addresses.pop()
  return { addresses, scheme: scheme.split(',', 1)[0]?.trim().toLowerCase() ?? '' }
}

function portOf(authority: string): number | undefined {
  const digits = /:(\d{1,5})$/.exec(authority)?.[1]
  const port = Number(digits)
  return digits !== undefined && port > 0 && port <= 65_535 ? port : undefined
}
