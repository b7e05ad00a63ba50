// The hand-over as a function among an application's own: Connect's and Express's form, on which those for
// other frameworks stand. What ran before it has run here even when the request is handed over, so it
// belongs in front of everything, body parsers above all.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../../base/log.ts'
import type { HandOver } from './hand-over.ts'
import type { Arrival } from './peer-client.ts'
import { bodyLength } from './request-bytes.ts'

/** `next` is called when the request is to be served here. */
export type PeerMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

const nextOf = Symbol('next')
type Waiting = ServerResponse & { [nextOf]?: () => void }

export function middlewareOf(handOver: HandOver, log: Logger): PeerMiddleware {
  const serveHere = ({ response }: Arrival): void => (response as Waiting | undefined)?.[nextOf]?.()
  let told = false
  return (request, response, next) => {
    if (isRead(request)) {
      if (!told) {
        const detail = { method: request.method, url: request.url }
        log.warn(detail, 'the body was read before the hand-over, so such requests are served here')
      }
      told = true
      handOver.servedHere(response)
      next()
      return
    }
    const waiting: Waiting = response
    waiting[nextOf] = next
    if (!handOver.request(request, response, false, serveHere)) next()
  }
}

/** Somebody has begun to read the body, a parser most likely; or one has put it where parsers do. */
function isRead(request: IncomingMessage): boolean {
  if (bodyLength(request) === 0) return false
  const { body } = request as { body?: unknown }
  return body !== undefined || request.readableDidRead || request.readableFlowing !== null
}
