// The hand-over as a middleware of Connect and Express; those for other frameworks use it. Middlewares before it have run
// here even when the request is handed over, so it belongs before all others, body parsers above all.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../../base/log.ts'
import { type Arrival, bodyLength } from '../../forward/index.ts'
import type { ParsedHandOver } from './parsed-hand-over.ts'

/** Calls `next` when the request is to be served here. */
export type PeerMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

const nextOf: unique symbol = Symbol('next')
type Waiting = ServerResponse & { [nextOf]?: () => void }

export function middlewareOf(driver: ParsedHandOver, log: Logger): PeerMiddleware {
  const serveHere = ({ response }: Arrival): void => (response as Waiting | undefined)?.[nextOf]?.()
  let hasWarned = false
  return (request, response, next) => {
    if (isBodyRead(request)) {
      if (!hasWarned) {
        const detail = { method: request.method, url: request.url }
        log.warn(detail, 'request body read before the hand-over; such requests are served here')
      }
      hasWarned = true
      driver.servedHere(response)
      next()
      return
    }
    const waiting: Waiting = response
    waiting[nextOf] = next
    if (!driver.request(request, response, false, serveHere)) next()
  }
}

/** Something has begun to read the body, or has put it where body parsers put it. */
function isBodyRead(request: IncomingMessage): boolean {
  if (bodyLength(request) === 0) return false
  const { body } = request as { body?: unknown }
  return body !== undefined || request.readableDidRead || request.readableFlowing !== null
}
