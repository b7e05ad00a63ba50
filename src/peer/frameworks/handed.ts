// A middleware's outcome as a promise, for frameworks whose functions wait for each other.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PeerMiddleware } from '../parsed/middleware.ts'

/** Resolves with false when the request is to be served here, with true when it was answered elsewhere. */
export function handed(
  middleware: PeerMiddleware,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = (): void => resolve(true)
    response.on('close', gone)
    middleware(request, response, () => {
      response.off('close', gone)
      resolve(false)
    })
  })
}
