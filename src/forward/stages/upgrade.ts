// Which requests may become a tunnel, and which responses make them one [RFC 9110 7.8, RFC 6455 4]. Read by accept (1)
// and deliver (7).

import { createHash } from 'node:crypto'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import type { WantedUpgrade } from '../exchange-state.ts'

const websocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const websocket = 'websocket'
const protocol = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})?$/
/** A tunnel of these would carry requests that this proxy does not see [RFC 9113 3.1]. */
const isHttp = /^h2|^http\//i

/** Any method, with or without a body. `undefined`: Upgrade is not forwarded and the request is an ordinary one. */
export function wantedUpgrade(head: RequestHead): WantedUpgrade | undefined {
  if (!head.wantsUpgrade || head.upgrade < 0 || head.minor === 0) return undefined
  const accept = websocketAccept(head)
  const protocols = head.fields
    .value(head.upgrade)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => protocol.test(name) && !isHttp.test(name))
    .filter((name) => accept !== undefined || name.toLowerCase() !== websocket)
  return protocols.length === 0 ? undefined : { protocols, accept }
}

/** The Sec-WebSocket-Accept by which a node agrees to a WebSocket; `undefined` if the request asks for none. */
export const wantedWebSocket = (wanted: WantedUpgrade | undefined): string | undefined =>
  wanted?.protocols.some((name) => name.toLowerCase() === websocket) === true
    ? wanted.accept
    : undefined

/** The Sec-WebSocket-Accept that a node must send; `undefined` if the request is no WebSocket handshake. */
function websocketAccept(head: RequestHead): string | undefined {
  if (head.method !== 'GET' || head.hasBody) return undefined
  if (head.websocketKey < 0 || head.websocketVersion < 0) return undefined
  const key = head.fields.value(head.websocketKey)
  return createHash('sha1')
    .update(key + websocketGuid)
    .digest('base64')
}

/**
 * The protocols that the connection switches to, lower-case, the lowest first [RFC 9110 7.8].
 * @returns `undefined` unless the request offers the lowest one.
 */
export function switchedTo(
  response: ResponseHead,
  wanted: WantedUpgrade,
): readonly string[] | undefined {
  if (!response.wantsUpgrade || response.upgrade < 0) return undefined
  if (response.chunked || response.contentLength > 0) return undefined
  const chosen = response.fields
    .value(response.upgrade)
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const [lowest] = chosen
  if (!wanted.protocols.some((name) => name.toLowerCase() === lowest)) return undefined
  if (chosen.some((name) => isHttp.test(name))) return undefined
  if (!chosen.includes(websocket)) return chosen
  const { websocketAccept } = response
  const isAccepted =
    websocketAccept >= 0 && response.fields.value(websocketAccept) === wanted.accept
  return isAccepted ? chosen : undefined
}

/** Whether the frames of a WebSocket follow, and nothing between them and the connection. */
export function isWebSocket(protocols: readonly string[]): boolean {
  return protocols.length === 1 && protocols[0] === websocket
}
