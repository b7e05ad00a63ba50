// Node.js's HTTP server as the reader of a connection that we have read first: attached to a socket later than it
// would attach itself, and fed by the socket's `data` events instead of taking the handle for itself. That rests on
// undocumented parts of node:http, all of them here; `readerOf` says whether this Node.js has them.

import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Connection } from '../net/connection.ts'

/** The listener by which a server takes a connection. */
export type Reader = (this: Server, socket: Socket) => void

interface Internals {
  /** Taken by a parser; the server leaves such a handle alone. */
  _handle: { readonly isStreamBase?: boolean; _consumed?: boolean } | null
  /** The response that is under way. */
  _httpMessage?: object | null
  /** Attached to it. */
  parser?: { _consumed?: boolean; consume?: (handle: object) => void } | null
}

const inside = (socket: Socket): Internals => socket as unknown as Internals

/** `undefined` for a server that does not take its connections as Node.js makes it. */
export function readerOf(server: unknown): Reader | undefined {
  if (!(server instanceof Server) || !tellsOfResponse()) return undefined
  const [own] = createServer().listeners('connection') as Reader[]
  const isThere = own !== undefined && server.listeners('connection').includes(own)
  return isThere ? own : undefined
}

let tells: boolean | undefined

/** Tries on a response that leads nowhere whether its socket knows it. */
function tellsOfResponse(): boolean {
  if (tells !== undefined) return tells
  const socket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  response.assignSocket(socket)
  const isKnown = inside(socket)._httpMessage === response
  response.detachSocket(socket)
  tells = isKnown && inside(socket)._httpMessage === null
  return tells
}

/** A TCP connection that has just been accepted, and that nobody has listened to. */
export function isUntouched(socket: Socket): boolean {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket) return false
  if (inside(socket)._handle?.isStreamBase !== true || inside(socket).parser != null) return false
  if (socket.bytesRead > 0 || socket.readableFlowing !== null || socket.destroyed) return false
  return Connection.isDirect(socket)
}

/** The listeners by which the server's parser is fed, and told of the end. */
const feeding: unique symbol = Symbol('feeding')
const ending: unique symbol = Symbol('ending')
type Ending = (() => void) | undefined
type Attached = Socket & {
  [feeding]?: ReturnType<Socket['listeners']>[number] | undefined
  [ending]?: Ending
}

/**
 * From now on the server parses what the socket emits as `data`.
 * @param takes it also reads the socket by itself, at less cost, for good.
 */
export function attach(server: Server, reader: Reader, socket: Attached, takes: boolean): void {
  const { _handle: handle } = inside(socket)
  if ((!takes || hasOtherReader(socket)) && handle !== null) handle._consumed = true
  Reflect.apply(reader, server, [socket])
  socket[feeding] = socket.listeners('data').at(-1)
  socket[ending] = socket.listeners('end').at(-1) as Ending
}

/** The server does not end the connection any more when the client has ended its side: it is a tunnel's. */
export function letEnd(socket: Attached): void {
  const { [ending]: ends } = socket
  if (ends !== undefined) socket.off('end', ends)
}

/** The server's parser, attached before, reads the socket by itself from now on, as it does without us. */
export function letTake(socket: Socket): void {
  const { _handle: handle, parser } = inside(socket)
  if (handle == null || parser == null || typeof parser.consume !== 'function') return
  // What the stream still holds must be parsed first, and whoever else listens wants events.
  if (parser._consumed === true || !isAnswered(socket)) return
  parser._consumed = true
  parser.consume(handle)
}

/** Somebody beside us and the server's parser wants the bytes. */
export function hasOtherReader(socket: Attached): boolean {
  const { [feeding]: feeds } = socket
  // Whoever takes the connection for himself may have put his own listener in the place of the server's.
  const ours = feeds === undefined ? 0 : socket.listenerCount('data', feeds)
  if (feeds !== undefined && ours === 0) return true
  return socket.listenerCount('data') !== ours || socket.listenerCount('readable') > 0
}

/** A client that has ended its side is gone, unless the server is told otherwise. */
export const takesHalfOpen = (server: Server): boolean =>
  (server as unknown as { readonly httpAllowHalfOpen?: boolean }).httpAllowHalfOpen === true

/** All that the server was given it has answered, and what comes next is read by its parser alone. */
export function isAnswered(socket: Socket): boolean {
  const { _httpMessage: response, parser } = inside(socket)
  if (response != null || parser == null) return false
  if (socket.readableFlowing !== true || socket.readableLength > 0) return false
  return !hasOtherReader(socket)
}

/** Calls `close`, by which the server ends its idle connections; not these, which only look idle to it. */
export function sparing(sockets: readonly Socket[], close: () => void): void {
  for (const socket of sockets) inside(socket)._httpMessage = underWay
  close()
  for (const socket of sockets) inside(socket)._httpMessage = null
}

const underWay = { finished: false }
