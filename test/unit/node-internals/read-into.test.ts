import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { canReadInto, probeReadInto, readInto } from '../../../src/node-internals/read-into.ts'

test('an accepted socket can read into a buffer of ours', () => {
  assert.equal(probeReadInto(), true)
})

test('the bytes of an accepted connection arrive in that buffer', async (t) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const remote = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    for (const socket of [accepted, remote]) socket.destroy()
    server.close()
  })
  const buffer = Buffer.alloc(16)
  const read = new Promise<string>((resolve) => {
    const isDirect = readInto(
      accepted,
      () => buffer,
      (length, bytes) => {
        assert.equal(bytes, buffer)
        resolve(bytes.toString('latin1', 0, length))
        return true
      },
    )
    assert.equal(isDirect, true)
  })
  accepted.resume()
  remote.write('hello')
  assert.equal(await read, 'hello')
})

test('a socket without a connection cannot', () => {
  assert.equal(canReadInto(new Socket()), false)
})
