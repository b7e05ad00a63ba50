// Health checks of a local server that answers, works on one request at a time, hangs up, or is gone.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { TargetCheck } from '../../../src/net/target-check.ts'

type Serve = (socket: Socket) => void

const answer: Serve = (socket) => {
  socket.once('data', () => socket.end('HTTP/1.1 500 x\r\nConnection: close\r\n\r\n'))
}

let server: Server
let serve: Serve
let connections: Socket[]
let check: TargetCheck

beforeEach(async () => {
  serve = answer
  connections = []
  server = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  check = new TargetCheck(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
})

afterEach(() => {
  mock.timers.reset()
  check.close()
  for (const socket of connections) socket.destroy()
  server.close()
})

/** One check of a target that does not answer: the time for which it waits passes at once. */
async function checkLate(): Promise<boolean> {
  mock.timers.enable({ apis: ['setTimeout'] })
  const checked = check.check()
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  mock.timers.tick(2_000)
  const result = await checked
  mock.timers.reset()
  return result
}

describe('a target', () => {
  test('is healthy when it answers, whatever the status', async () => {
    assert.equal(await check.check(), true)
  })

  test('is not healthy before its first answer', async () => {
    serve = () => {}
    assert.equal(await checkLate(), false)
  })

  test('that works on another request stays healthy, and has one request in its queue', async () => {
    assert.equal(await check.check(), true)
    serve = () => {}
    for (let i = 0; i < 5; i += 1) assert.equal(await checkLate(), true)
    assert.equal(connections.length, 2)
  })

  test('is unhealthy at once when nothing listens', async () => {
    assert.equal(await check.check(), true)
    server.close()
    assert.equal(await check.check(), false)
  })

  test('is unhealthy after three connections in a row that it cut', async () => {
    assert.equal(await check.check(), true)
    serve = (socket) => socket.destroy()
    assert.deepEqual(
      [await check.check(), await check.check(), await check.check()],
      [true, true, false],
    )
    serve = answer
    assert.equal(await check.check(), true)
  })
})
