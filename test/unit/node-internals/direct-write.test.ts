import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { probeDirectWrite, writeDirectly } from '../../../src/node-internals/direct-write.ts'

test('bytes are written past the stream of a socket, at once or as the remote side reads', async () => {
  assert.equal(await probeDirectWrite(), true)
})

test('a write that has left before its request has ended does not lend that request to the next write', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const [remote] = await accepted
  t.after(() => remote.destroy())
  // As if the kernel had taken all after it had refused once.
  const { _handle: handle } = socket as unknown as { readonly _handle: object }
  Object.defineProperty(handle, 'writeQueueSize', { value: 0 })
  const large = Buffer.alloc(32 * 1_048_576, 'y')
  let left = 3 * large.length
  remote.on('data', (bytes) => {
    left -= bytes.length
  })
  for (let i = 0; i < 3; i++) assert.equal(writeDirectly(socket, large, { directLeft() {} }), 0)
  while (left > 0) await once(remote, 'data')
  assert.equal(left, 0)
})

test('a socket that does not write to the kernel itself is left to its stream', () => {
  const duplex = new Duplex({ read() {}, write() {} })
  for (const socket of [duplex, new TLSSocket(duplex as unknown as Socket)])
    assert.equal(
      writeDirectly(socket as unknown as Socket, Buffer.from('x'), { directLeft() {} }),
      -1,
    )
})
