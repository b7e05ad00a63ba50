// Many connections at a time at one listening socket, with handles on it that another process has sent back.

import assert from 'node:assert/strict'
import { fork, type SendHandle } from 'node:child_process'
import net from 'node:net'
import { type TestContext, test } from 'node:test'
import { AcceptHandles, type CopyHandle } from '../../../src/net/accept-handles.ts'
import type { ListenHandle } from '../../../src/node-internals/listen-handle.ts'
import { built } from '../../support/child.ts'
import { until } from '../../support/until.ts'

const skip = process.platform === 'win32' ? 'handles are shared differently on Windows' : false

/** Lets time pass in which this process takes part in nothing. */
function hang(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

interface Bench {
  readonly server: net.Server
  readonly handles: AcceptHandles
  /** Connections taken in each turn of the event loop that took any. */
  readonly turns: number[]
  asked(): number
  /** That many connections stand in the kernel's queue before the first is taken. */
  crowd(count: number): Promise<void>
}

async function bench(t: TestContext): Promise<Bench> {
  const echo = fork(built('test/fixtures/handle-echo.js'))
  t.after(() => echo.kill('SIGKILL'))
  const takers: ((copy: ListenHandle) => void)[] = []
  echo.on('message', (_message, handle) => takers.shift()?.(handle as unknown as ListenHandle))
  let asked = 0
  const copy: CopyHandle = (handle, count, take) => {
    asked += count
    for (let i = 0; i < count; i++) takers.push(take)
    echo.send(count, handle as unknown as SendHandle)
  }
  const server = net.createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', 1_024, resolve)
  })
  const handles = new AcceptHandles(server, 1_024, 15, copy)
  const turns: number[] = []
  let inTurn = 0
  const sockets: net.Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    handles.close()
    server.close()
  })
  server.on('connection', (socket) => {
    sockets.push(socket)
    handles.accepted()
    if (inTurn++ > 0) return
    setImmediate(() => {
      turns.push(inTurn)
      inTurn = 0
    })
  })
  const { port } = server.address() as net.AddressInfo
  await until('the copies have come', () => takers.length === 0)
  return {
    server,
    handles,
    turns,
    asked: () => asked,
    async crowd(count) {
      const before = turns.reduce((sum, each) => sum + each, 0)
      for (let i = 0; i < count; i++) sockets.push(net.connect(port, '127.0.0.1'))
      // The kernel has completed them all by then.
      hang(50)
      const taken = (): number => turns.reduce((sum, each) => sum + each, 0) - before
      await until('all are taken', () => taken() === count)
    },
  }
}

test('many waiting connections are accepted at a time, and the further handles close afterwards', {
  skip,
}, async (t) => {
  const { handles, turns, asked, crowd } = await bench(t)
  assert.equal(handles.accepting, 1)
  await crowd(200)
  assert.equal(handles.accepting, 16)
  assert.ok(Math.max(...turns) >= 12, `at most ${Math.max(...turns)} in a turn`)
  assert.equal(asked(), 15)
  for (let i = 0; i < 30 && handles.accepting > 1; i++) handles.tick()
  assert.equal(handles.accepting, 1)
  assert.equal(asked(), 30, 'others are fetched for the next crowd')
})

test('a few new connections are accepted by the first handle alone', { skip }, async (t) => {
  const { handles, crowd, turns } = await bench(t)
  await crowd(3)
  assert.equal(handles.accepting, 1)
  assert.deepEqual(turns, [1, 1, 1])
})

test('a closed server accepts nothing through handles that were open', { skip }, async (t) => {
  const { server, handles, crowd } = await bench(t)
  await crowd(100)
  const { port } = server.address() as net.AddressInfo
  handles.close()
  server.close()
  const client = net.connect(port, '127.0.0.1')
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve))
  assert.equal(error.code, 'ECONNREFUSED')
})
