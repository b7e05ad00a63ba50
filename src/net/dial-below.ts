// Dials the connection below a TLS connection, for bytes that come before the handshake.

import { connect, type NetConnectOpts, type SocketConstructorOpts } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

type Options = ConnectionOptions & Pick<SocketConstructorOpts, 'allowHalfOpen'>

/** @returns the options with a socket of their own, which sends `first` as soon as it is connected. */
export function dialBelow(options: Options, first: Buffer): ConnectionOptions {
  const { host, port, path, allowHalfOpen, lookup } = options
  const place = path === undefined ? { host, port } : { path }
  const socket = connect({ ...place, allowHalfOpen, lookup, noDelay: true } as NetConnectOpts)
  socket.write(first)
  return { ...options, socket }
}
