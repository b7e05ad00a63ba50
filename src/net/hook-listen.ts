// Finds the HTTP or HTTPS server of a program when it begins to listen, without a change to the program. Used by
// the doors that are loaded with `node --import`.

import { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'

/**
 * Calls `found` once, with the first server that listens on a TCP port, or with the one on `port`.
 * @param found called before the server's own `listening` listeners.
 */
export function hookListen(port: number | undefined, found: (server: Server) => void): void {
  let isFound = false
  const listens = (server: Server): void => {
    const address = server.address()
    if (isFound || address === null || typeof address === 'string') return
    if (port !== undefined && address.port !== port) return
    isFound = true
    found(server)
  }
  hookListenOf(Server.prototype, listens)
  hookListenOf(HttpsServer.prototype as unknown as Server, listens)
}

/** Both prototypes inherit `listen`; overriding it on them leaves other TCP servers unchanged. */
function hookListenOf(prototype: Server, listens: (server: Server) => void): void {
  const listen = prototype.listen
  const hooked = function (this: Server, ...args: unknown[]): Server {
    this.prependOnceListener('listening', () => listens(this))
    return Reflect.apply(listen, this, args)
  }
  prototype.listen = hooked as Server['listen']
}
