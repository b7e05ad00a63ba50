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
  const takes = (event: string | symbol, args: readonly unknown[]): boolean => {
    switch (event) {
      case 'request':
      case 'checkContinue': {
        const [request, response] = args as [IncomingMessage, ServerResponse]
        return sees.request(request, response, event === 'checkContinue', serveHere)
      }
      case 'upgrade':
        return sees.upgrade(args[0] as IncomingMessage, args[2] as Buffer, serveHere)
      default:
        return false
    }
  }
  const watch = function (this: Server, event: string | symbol, ...args: unknown[]): boolean {
    if (!ended && takes(event, args)) return true
    return Reflect.apply(emit, this, [event, ...args])
  } as Server['emit']
  server.emit = watch
  return () => {
    ended = true
    if (server.emit === watch) server.emit = emit
  }
}
