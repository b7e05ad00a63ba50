// Which requests may become a tunnel, and which responses make them one [RFC 9110 7.8, RFC 6455 4]. Read by accept (1)
// and deliver (7).

import { createHash } from 'node:crypto'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import type { WantedUpgrade } from '../exchange-state.ts'

const websocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const protocol = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})?$/

/** `undefined`: the Upgrade field is not forwarded and the request is an ordinary one. */
export function wantedUpgrade(head: RequestHead): WantedUpgrade | undefined {
  if (!head.wantsUpgrade || head.upgrade < 0 || head.minor === 0) return undefined
  if (head.method !== 'GET' || head.hasBody) return undefined
  const wanted = head.fields.value(head.upgrade)
  const name = wanted.toLowerCase()
  // Cleartext HTTP/2 would carry requests that this proxy does not see [RFC 9113 3.1].
  if (!protocol.test(wanted) || name.startsWith('h2')) return undefined
  if (name !== 'websocket') return { protocol: name, accept: undefined }
  if (head.websocketKey < 0 || head.websocketVersion < 0) return undefined
  if (head.fields.value(head.websocketVersion) !== '13') return undefined
  const key = head.fields.value(head.websocketKey)
  return {
    protocol: name,
    accept: createHash('sha1')
      .update(key + websocketGuid)
      .digest('base64'),
  }
}

export function isUpgraded(response: ResponseHead, wanted: WantedUpgrade): boolean {
  if (!response.wantsUpgrade || response.upgrade < 0) return false
  if (response.chunked || response.contentLength > 0) return false
  if (response.fields.value(response.upgrade).toLowerCase() !== wanted.protocol) return false
  if (wanted.accept === undefined) return true
  const { websocketAccept } = response
  return websocketAccept >= 0 && response.fields.value(websocketAccept) === wanted.accept
}
