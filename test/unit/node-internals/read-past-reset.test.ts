import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { probeReadPastReset, readPastReset } from '../../../src/node-internals/read-past-reset.ts'

test('bytes before a reset are read although a write has met the reset', async () => {
  assert.equal(await probeReadPastReset(), true)
})

test('other failures of a write destroy the socket as before', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  readPastReset(socket)
  await once(socket, 'connect')
  const written = new Promise((resolve) => socket.on('error', () => {}).write('x', resolve))
  await written
  socket.destroy()
  const error = await new Promise((resolve) => socket.write('y', resolve))
  assert.equal((error as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED')
  server.close()
})
