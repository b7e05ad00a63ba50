// `onread` for an accepted socket: bytes arrive in a buffer of ours, without stream machinery between. Node.js
// offers it for outgoing sockets only (`net.connect`); this sets the same on an accepted one.
// Used by net/connection.ts for every client connection.
//
// Touches `socket._handle.useUserBuffer` and the socket's symbols kBuffer, kBufferCb and kBufferGen.

import { connect, type Socket } from 'node:net'

interface Fields {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

interface Handle {
  readonly useUserBuffer?: (buffer: Buffer) => void
}

let fields: Fields | undefined
let isLooked = false

/** Whether `readInto` works on this socket, of which nothing has been read yet. */
export function canReadInto(socket: Socket): boolean {
  return fieldsOf(socket) !== undefined && typeof handleOf(socket)?.useUserBuffer === 'function'
}

/**
 * Makes a socket read into the buffers that `nextBuffer` returns.
 * @param read receives the bytes at the start of the buffer; it returns false to stop reading.
 * @returns false where this Node.js does not allow it; the stream's `data` events serve then, at a higher cost.
 */
export function readInto(
  socket: Socket,
  nextBuffer: () => Buffer,
  read: (length: number, bytes: Buffer) => boolean,
): boolean {
  const names = fieldsOf(socket)
  const handle = handleOf(socket)
  if (names === undefined || typeof handle?.useUserBuffer !== 'function') return false
  const buffer = nextBuffer()
  const values = socket as unknown as Record<symbol, unknown>
  values[names.generator] = nextBuffer
  values[names.callback] = read
  values[names.buffer] = buffer
  handle.useUserBuffer(buffer)
  return true
}

/** Whether this Node.js has the symbols and the method. */
export function probeReadInto(): boolean {
  // A dialled socket has its handle at once; it is destroyed before the dial begins.
  const socket = connect({ host: '127.0.0.1', port: 9 }).on('error', () => {})
  const can = canReadInto(socket)
  socket.destroy()
  return can
}

const handleOf = (socket: Socket): Handle | null =>
  (socket as unknown as { readonly _handle: Handle | null })._handle

/** The symbols are the same for all sockets, and every socket has them from its beginning. */
function fieldsOf(socket: Socket): Fields | undefined {
  if (isLooked) return fields
  isLooked = true
  const symbols = Object.getOwnPropertySymbols(socket)
  const named = (name: string): symbol | undefined =>
    symbols.find((symbol) => symbol.description === name)
  const [buffer, callback, generator] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')]
  if (buffer !== undefined && callback !== undefined && generator !== undefined) {
    fields = { buffer, callback, generator }
  }
  return fields
}
