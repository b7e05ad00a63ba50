// The TCP connection below a TLS socket, for a reset: TLS sockets cannot reset a connection themselves. Used by
// net/secure-connection.ts and by peers.
//
// Touches `tlsSocket._parent`, which a TLS socket around another socket has.

import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** `undefined` if the TLS socket has no socket below it, or this Node.js does not have the property. */
export function socketBelow(socket: TLSSocket): Socket | undefined {
  const { _parent: below } = socket as unknown as { readonly _parent?: unknown }
  return below instanceof Socket ? below : undefined
}

export function probeSocketBelow(): boolean {
  const below = new Socket()
  const secure = new TLSSocket(below).on('error', () => {})
  const isKnown = socketBelow(secure) === below
  secure.destroy()
  return isKnown
}
