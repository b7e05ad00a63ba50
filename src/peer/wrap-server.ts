// Sees the requests and upgrades of a server before its listeners do, by `server.emit`: the application's
// listeners stay as they are, in number and order.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export interface Sees {
  /** @returns whether it is taken, so that nobody else sees it. */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    expects: boolean,
    serveHere: () => void,
  ): boolean
  upgrade(request: IncomingMessage, behind: Buffer, serveHere: () => void): boolean
}

/** Returns how to take it back. */
export function wrapServer(server: Server, sees: Sees): () => void {
  const emit = server.emit
  let ended = false
  const takes = (event: string | symbol, args: unknown[], serveHere: () => void): boolean => {
    const [first, second, third] = args
    if (event === 'upgrade')
      return sees.upgrade(first as IncomingMessage, third as Buffer, serveHere)
    const expects = event === 'checkContinue'
    return sees.request(first as IncomingMessage, second as ServerResponse, expects, serveHere)
  }
  const watch = function (this: Server, event: string | symbol, ...args: unknown[]): boolean {
    const isOurs = event === 'request' || event === 'upgrade' || event === 'checkContinue'
    if (isOurs && !ended) {
      const serveHere = (): void => {
        Reflect.apply(emit, this, [event, ...args])
      }
      if (takes(event, args, serveHere)) return true
    }
    return Reflect.apply(emit, this, [event, ...args])
  } as Server['emit']
  server.emit = watch
  return () => {
    ended = true
    if (server.emit === watch) server.emit = emit
  }
}
