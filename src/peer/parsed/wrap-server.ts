// Sees the requests and upgrades of a server before its listeners do, by `server.emit`: the application's
// listeners stay as they are, in number and order.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
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
  const emit = server.emit
  let ended = false
  const serveHere: ServeHere = ({ request, response, socket, behind, expects }) => {
    if (response === undefined) Reflect.apply(emit, server, ['upgrade', request, socket, behind])
    else Reflect.apply(emit, server, [expects ? 'checkContinue' : 'request', request, response])
  }
  const takes = (
    event: string | symbol,
    first: unknown,
    second: unknown,
    third: unknown,
  ): boolean => {
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
  }
  // No array is made for what passes by here, which is every request.
  const watch = function (
    this: Server,
    event: string | symbol,
    a?: unknown,
    b?: unknown,
    c?: unknown,
  ) {
    if (!ended && takes(event, a, b, c)) return true
    // biome-ignore lint/complexity/noArguments: as many as came, and no array of them.
    return Reflect.apply(emit, this, arguments)
  } as Server['emit']
  server.emit = watch
  return () => {
    ended = true
    if (server.emit === watch) server.emit = emit
  }
}
