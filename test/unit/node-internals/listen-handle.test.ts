import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import {
  acceptFor,
  type ListenHandle,
  listenHandleOf,
  probeListenHandle,
  stopListening,
} from '../../../src/node-internals/listen-handle.ts'

test('a server that listens has a handle', async () => {
  assert.equal(await probeListenHandle(), true)
})

test('a server that does not listen has none', () => {
  assert.equal(listenHandleOf(createServer()), undefined)
})

test('connections of a further handle go to the server of the first one', () => {
  const accepted: unknown[] = []
  const first: ListenHandle = {
    onconnection: (status, client) => accepted.push(status, client),
    listen: () => 0,
    close: () => {},
  }
  const further: ListenHandle = { listen: (backlog) => (backlog === 8 ? 0 : -98), close: () => {} }
  assert.equal(acceptFor(first, further, 8), true)
  further.onconnection?.(0, 'client')
  assert.deepEqual(accepted, [0, 'client'])
  assert.equal(acceptFor(first, further, 9), false, 'the system refuses')
})

test('a server stops accepting without noticing, and closes later as usual', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  stopListening(server)
  assert.equal(server.listening, true)
  const error = await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))
  assert.match(String(error), /ECONNREFUSED/)
  await new Promise<void>((resolve, reject) => {
    server.close((problem) => (problem === undefined ? resolve() : reject(problem)))
  })
})
