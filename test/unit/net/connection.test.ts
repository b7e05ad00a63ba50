import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Connection, type Receiver } from '../../../src/net/connection.ts'

const receiver: Receiver = {
  received() {},
  ended() {},
  drained() {},
  closed() {},
  failed() {},
  nextBuffer: () => Buffer.alloc(1_024),
}

test('the stream writes while it has a timeout, or waits; otherwise the socket is written to directly', async (t) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const remote = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  const connection = Connection.accept(socket, receiver)
  t.after(() => {
    connection.destroy()
    remote.destroy()
    server.close()
  })
  let received = ''
  remote.setEncoding('latin1').on('data', (text: string) => {
    received += text
  })
  // The first write of a process shows how Node.js writes.
  connection.write(Buffer.from('0'))
  let byStream = 0
  const { write } = socket
  socket.write = (...given: unknown[]) => {
    byStream++
    return Reflect.apply(write, socket, given) as boolean
  }
  socket.setTimeout(60_000)
  assert.equal(connection.write(Buffer.from('1')), true)
  assert.equal(byStream, 1)
  socket.setTimeout(0)
  assert.equal(connection.write(Buffer.from('2')), true)
  assert.equal(byStream, 1)
  socket.cork()
  assert.equal(connection.write(Buffer.from('3')), false)
  assert.equal(connection.pending, 1)
  socket.uncork()
  while (received.length < 4) await once(remote, 'data')
  assert.equal(received, '0123')
})
