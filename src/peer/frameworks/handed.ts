// The outcome of the middleware as a promise, for frameworks with asynchronous middlewares.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PeerMiddleware } from '../parsed/middleware.ts'

/** Resolves with true when a peer has answered the request, with false when it is to be served here. */
export function handed(
  middleware: PeerMiddleware,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = (): void => resolve(true)
    response.on('close', closed)
    middleware(request, response, () => {
      response.off('close', closed)
      resolve(false)
    })
  })
}
