// Sees every HTTP and HTTPS server of this process begin to listen, with no change to the program. Called
// by the doors that are loaded by `node --import`.

import { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'

/**
 * Calls `consider` for the first server that listens on a TCP port, or for the one on `port`.
 * @param consider gets it when it listens, before listeners of its own.
 */
export function hookListen(port: number | undefined, consider: (server: Server) => void): void {
  let taken = false
  const listens = (server: Server): void => {
    const address = server.address()
    if (taken || address === null || typeof address === 'string') return
    if (port !== undefined && address.port !== port) return
    taken = true
    consider(server)
  }
  hookListenOf(Server.prototype, listens)
  hookListenOf(HttpsServer.prototype as unknown as Server, listens)
}

/** Both prototypes inherit `listen`; an own one here leaves other TCP servers alone. */
function hookListenOf(prototype: Server, listens: (server: Server) => void): void {
  const listen = prototype.listen
  const hooked = function (this: Server, ...args: unknown[]): Server {
    this.prependOnceListener('listening', () => listens(this))
    return Reflect.apply(listen, this, args)
  }
  prototype.listen = hooked as Server['listen']
}
