// The TCP connection below a TLS socket, for a reset: TLS sockets cannot reset a connection themselves. Used by
// net/secure-connection.ts and by peers.
//
// Touches `tlsSocket._parent`, which a TLS socket around another socket has, and `tlsSocket._handle._parent`, the handle
// of a TLS socket that has dialled its connection itself, with `reset` and `close`.

import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** `undefined` if the TLS socket has no socket below it, or this Node.js does not have the property. */
export function socketBelow(socket: TLSSocket): Socket | undefined {
  const { _parent: below } = socket as unknown as { readonly _parent?: unknown }
  return below instanceof Socket ? below : undefined
}

interface TcpHandle {
  reset(done: () => void): number
  close(done: () => void): void
}

/**
 * Lets a TLS socket that has dialled its connection itself reset it when it is destroyed. Without effect if this Node.js
 * does not have the properties.
 */
export function resetAtClose(socket: TLSSocket): void {
  const { _handle: handle } = socket as unknown as { _handle?: { _parent?: Partial<TcpHandle> } }
  const tcp = handle?._parent
  if (typeof tcp?.reset !== 'function' || typeof tcp.close !== 'function') return
  const below = tcp as TcpHandle
  const close = below.close.bind(below)
  // After a shutdown a handle refuses to be reset.
  below.close = (done) => {
    if (below.reset(done) !== 0) close(done)
  }
}

export function probeSocketBelow(): boolean {
  const below = new Socket()
  const secure = new TLSSocket(below).on('error', () => {})
  const isKnown = socketBelow(secure) === below
  secure.destroy()
  return isKnown
}
