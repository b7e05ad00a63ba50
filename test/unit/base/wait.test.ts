import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { afterPoll, pause, waitUntil } from '../../../src/base/wait.ts'

test('a pause ends early when its signal aborts', async () => {
  const over = new AbortController()
  const waiting = pause(60_000, over.signal)
  over.abort()
  await waiting
  await pause(60_000, over.signal)
})

test('waiting ends when the condition holds', async () => {
  let checks = 0
  const held = await waitUntil(async () => ++checks === 3, { withinMs: 60_000, everyMs: 1 })
  assert.equal(held, true)
  assert.equal(checks, 3)
})

test('waiting ends at its deadline, after the condition was checked once', async () => {
  let checks = 0
  const condition = (): boolean => ++checks > 1
  assert.equal(await waitUntil(condition, { withinMs: 0 }), false)
  assert.equal(checks, 1)
})

test('waiting ends when its signal aborts', async () => {
  const over = new AbortController()
  const held = waitUntil(() => false, {
    withinMs: Number.POSITIVE_INFINITY,
    everyMs: 60_000,
    signal: over.signal,
  })
  over.abort()
  assert.equal(await held, false)
})

test('afterPoll: what has arrived is read first', async (t) => {
  const { near, far } = await socketPair(t)
  let seen = ''
  near.on('data', (bytes: Buffer) => {
    seen += bytes.toString()
  })
  // Timers run before this process reads from sockets.
  await new Promise((resolve) => setTimeout(resolve, 5))
  far.write('x')
  await afterPoll()
  assert.equal(seen, 'x')
})

/** Two ends of a connection. */
async function socketPair(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    near.destroy()
    server.close()
  })
  return { near, far }
}
