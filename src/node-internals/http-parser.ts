// Node.js's HTTP parser on a connection that we have read first: attached to the socket later than the server would
// attach it, and fed by `data` events of the socket instead of reading the handle itself. Used by peers for what is
// served here, and by the agent for requests that are parsed a second time.
//
// Touches `socket._handle.isStreamBase` and `._consumed`, `socket.parser` with its `_consumed` and `consume`, and
// takes the last `data` and `end` listeners after the attachment for the parser's.

import { createServer, type Server } from 'node:http'
import { connect, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type ConnectionListener, connectionListenerOf } from './connection-listener.ts'
import { canReadInto } from './read-into.ts'
import { isResponseUnderWay } from './response-under-way.ts'

interface Internals {
  /** `_consumed`: a parser reads it; the server attaches no other reading to such a handle. */
  _handle: { readonly isStreamBase?: boolean; _consumed?: boolean } | null
  /** The parser that is attached. */
  parser?: { _consumed?: boolean; consume?: (handle: object) => void } | null
}

const inside = (socket: Socket): Internals => socket as unknown as Internals

/** The listeners by which the parser gets bytes and the end. */
const feeding: unique symbol = Symbol('feeding')
const ending: unique symbol = Symbol('ending')
type Ending = (() => void) | undefined
type Attached = Socket & {
  [feeding]?: ReturnType<Socket['listeners']>[number] | undefined
  [ending]?: Ending
}

/** Whether a TCP connection has just been accepted: it was not read and has no listeners for data. */
export function isUntouched(socket: Socket): boolean {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket) return false
  if (inside(socket)._handle?.isStreamBase !== true || inside(socket).parser != null) return false
  if (socket.bytesRead > 0 || socket.readableFlowing !== null || socket.destroyed) return false
  return canReadInto(socket)
}

/**
 * From now on the server parses the `data` events of the socket.
 * @param readsHandle the parser also reads the handle itself, at less cost; this cannot be taken back.
 */
export function attachParser(
  server: Server,
  listener: ConnectionListener,
  socket: Attached,
  readsHandle: boolean,
): void {
  const { _handle: handle } = inside(socket)
  if ((!readsHandle || hasOtherReader(socket)) && handle !== null) handle._consumed = true
  Reflect.apply(listener, server, [socket])
  socket[feeding] = socket.listeners('data').at(-1)
  socket[ending] = socket.listeners('end').at(-1) as Ending
}

/**
 * Gives a connection back that the server has let go of with an `upgrade` event.
 * @param bytes a request and the bytes after it, parsed before all that is read from now on.
 * @returns false when the server parses no connections itself, or still owes a response on this one.
 */
export function parseAgain(server: Server, socket: Socket, bytes: Buffer): boolean {
  const listener = connectionListenerOf(server)
  if (listener === undefined || isResponseUnderWay(socket)) return false
  socket.unshift(bytes)
  attachParser(server, listener, socket, false)
  return true
}

/** The parser, attached before, reads the handle itself from now on, as it does in a server of its own. */
export function letReadHandle(socket: Socket): void {
  const { _handle: handle, parser } = inside(socket)
  if (handle == null || parser == null || typeof parser.consume !== 'function') return
  // Bytes that the stream still holds must be parsed first, and other listeners need the events.
  if (parser._consumed === true || !hasAnsweredAll(socket)) return
  parser._consumed = true
  parser.consume(handle)
}

/** The server does not end the connection any more when the client has ended its side: it has become a tunnel. */
export function ignoreEnd(socket: Attached): void {
  const { [ending]: ends } = socket
  if (ends !== undefined) socket.off('end', ends)
}

/** A listener other than ours and the parser's wants the bytes. */
export function hasOtherReader(socket: Attached): boolean {
  const { [feeding]: feeds } = socket
  // An application that takes a connection over may have replaced the parser's listener.
  const ours = feeds === undefined ? 0 : socket.listenerCount('data', feeds)
  if (feeds !== undefined && ours === 0) return true
  return socket.listenerCount('data') !== ours || socket.listenerCount('readable') > 0
}

/** The server has answered every request that it received, and its parser alone reads the next bytes. */
export function hasAnsweredAll(socket: Socket): boolean {
  if (isResponseUnderWay(socket) || inside(socket).parser == null) return false
  if (socket.readableFlowing !== true || socket.readableLength > 0) return false
  return !hasOtherReader(socket)
}

export function probeHttpParser(): boolean {
  const dialled = connect({ host: '127.0.0.1', port: 9 }).on('error', () => {})
  const hasHandle = inside(dialled)._handle?.isStreamBase === true
  dialled.destroy()
  const server = createServer()
  const listener = connectionListenerOf(server)
  if (listener === undefined) return false
  const socket: Attached = new Socket()
  attachParser(server, listener, socket, false)
  const { parser } = inside(socket)
  const isFed = socket.listenerCount('data') === 1 && socket[ending] !== undefined
  socket.destroy()
  return hasHandle && isFed && typeof parser?.consume === 'function' && '_consumed' in parser
}
