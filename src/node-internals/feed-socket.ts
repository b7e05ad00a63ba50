// Gives a socket's stream bytes that were read from the handle by other means (read-into.ts), as if the stream
// had read them. Used by net/connection.ts to pass bytes on to the HTTP parser of a server.
//
// Relies on `push` and `emit('data')` from outside a stream, which are meant for the stream itself.

import { Socket } from 'node:net'

/**
 * @param bytes must stay as they are.
 * @returns false when the stream's buffer is full: stop reading until it is read from.
 */
export function feedSocket(socket: Socket, bytes: Buffer): boolean {
  // Bytes that wait in the stream, for a reader or while it is paused, must stay in front.
  if (socket.readableFlowing !== true || socket.readableLength > 0) return socket.push(bytes)
  socket.emit('data', bytes)
  return true
}

/** Whether a listener gets bytes at once, and after a pause in order. */
export async function probeFeedSocket(): Promise<boolean> {
  const socket = new Socket()
  let text = ''
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  feedSocket(socket, Buffer.from('1'))
  const isAtOnce = text === '1'
  socket.pause()
  feedSocket(socket, Buffer.from('2'))
  feedSocket(socket, Buffer.from('3'))
  const waits = text === '1'
  socket.resume()
  await new Promise(setImmediate)
  socket.destroy()
  return isAtOnce && waits && text === '123'
}
