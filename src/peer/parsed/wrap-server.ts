// Sees the requests and upgrades of a server before its listeners do.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { interceptEvents } from '../../node-internals/intercept-events.ts'
import type { Arrival } from './peer-client.ts'

/** Gives what arrived to the application, as if nobody had looked at it. */
export type ServeHere = (arrival: Arrival) => void

export interface Sees {
  /** @returns whether it is taken, so that nobody else sees it. */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: ServeHere,
  ): boolean
  upgrade(request: IncomingMessage, behind: Buffer, serveHere: ServeHere): boolean
}

/** Returns how to take it back. */
export function wrapServer(server: Server, sees: Sees): () => void {
  const serveHere: ServeHere = ({ request, response, socket, behind, expects }) => {
    if (response === undefined) interception.emit('upgrade', request, socket, behind)
    else interception.emit(expects ? 'checkContinue' : 'request', request, response)
  }
  const interception = interceptEvents(server, (event, first, second, third) => {
    switch (event) {
      case 'request':
      case 'checkContinue': {
        const expects = event === 'checkContinue'
        return sees.request(first as IncomingMessage, second as ServerResponse, expects, serveHere)
      }
      case 'upgrade':
        return sees.upgrade(first as IncomingMessage, third as Buffer, serveHere)
      default:
        return false
    }
  })
  return () => interception.end()
}
