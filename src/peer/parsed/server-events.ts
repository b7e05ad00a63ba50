// Gives a driver the requests and upgrades of a server before its listeners get them.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { ServeHere } from '../../forward/index.ts'
import { interceptEvents } from '../../node-internals/intercept-events.ts'

export interface RequestDriver {
  /** @returns whether the request is handled; then the listeners do not get it, except by `serveHere`. */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: ServeHere,
  ): boolean
  upgrade(request: IncomingMessage, behind: Buffer, serveHere: ServeHere): boolean
}

/** @returns how to end it. */
export function interceptRequests(server: Server, driver: RequestDriver): () => void {
  const serveHere: ServeHere = ({ request, response, socket, behind, expects }) => {
    if (response === undefined) interception.emit('upgrade', request, socket, behind)
    else interception.emit(expects ? 'checkContinue' : 'request', request, response)
  }
  const interception = interceptEvents(server, (event, first, second, third) => {
    switch (event) {
      case 'request':
      case 'checkContinue': {
        const expects = event === 'checkContinue'
        return driver.request(
          first as IncomingMessage,
          second as ServerResponse,
          expects,
          serveHere,
        )
      }
      case 'upgrade':
        return driver.upgrade(first as IncomingMessage, third as Buffer, serveHere)
      default:
        return false
    }
  })
  return () => interception.end()
}
