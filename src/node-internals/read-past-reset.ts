// Reads what a server sent before it reset the connection, such as a response to a request that it did not read to its
// end. A write that meets the reset would make Node.js destroy the socket, and the unread bytes with it; here it counts
// as done, and reading ends with the reset. Used by net/connection.ts for connections that are dialled.
//
// Touches `socket._write` and `socket._writev`, which Node.js documents for authors of streams only.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type Done = (error?: Error | null) => void

interface Writer {
  _write(chunk: unknown, encoding: BufferEncoding, done: Done): void
  _writev(chunks: unknown, done: Done): void
}

export function readPastReset(socket: Socket): void {
  const writer = socket as unknown as Writer
  const { _write: write, _writev: writev } = writer
  // A stream passes the same function with every write.
  let strict: Done | undefined
  let lenient: Done = () => {}
  const lenientOf = (done: Done): Done => {
    if (done === strict) return lenient
    strict = done
    lenient = (error) => done(isReset(error) ? null : error)
    return lenient
  }
  writer._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, lenientOf(done))
  writer._writev = (chunks, done) => writev.call(socket, chunks, lenientOf(done))
}

const isReset = (error: NodeJS.ErrnoException | null | undefined): boolean =>
  error?.code === 'EPIPE' || error?.code === 'ECONNRESET'

/** Tries it on a connection of the loopback interface, which is not read before the reset. */
export async function probeReadPastReset(): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const remote = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const socket = await accepted
  readPastReset(socket)
  remote.write('last bytes')
  remote.resetAndDestroy()
  await sleep(50)
  let received = ''
  const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
  socket.write('more')
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
  })
  socket.resume()
  await closed
  server.close()
  return received === 'last bytes'
}
