// Keys of a reload whose effect shows when something ends, or when a limit is reached: they cannot be tried while requests
// go on that must not fail, as reload-keys.test.ts does with the others.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts } from '../../support/free-ports.ts'
import { get, startNode } from '../../support/node-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { type Running, startTopspin } from '../../support/topspin.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

interface Reloaded extends Running {
  readonly ports: readonly number[]
  readonly control: number
  /** Reloads with these values. */
  reload(values: object): Promise<void>
  /** A client whose request waits at the node. */
  stuck(port: number): Promise<RawClient>
}

async function startReloaded(
  t: TestContext,
  workers: number,
  values: object = {},
): Promise<Reloaded> {
  const node = await startNode(t)
  const [control = 0, ...ports] = await freePorts(3)
  const file = join(socketFolder(t), 'topspin.json')
  const put = (more: object): void => {
    const fixed = {
      control: { listen: `127.0.0.1:${control}` },
      to: `127.0.0.1:${node.port}`,
      workers,
    }
    writeFileSync(file, JSON.stringify({ listen: `127.0.0.1:${ports[0]}`, ...fixed, ...more }))
  }
  put(values)
  const running = startTopspin(['serve', '--config', file], { deadlineMs: 60_000 })
  t.after(() => running.child.kill('SIGKILL'))
  await running.sees(/"msg":"listening"/)
  let reloads = 0
  return {
    ...running,
    ports,
    control,
    async reload(more) {
      put(more)
      reloads += 1
      running.child.kill('SIGHUP')
      await running.sees(new RegExp(`(?:"msg":"configuration reloaded"[^]*){${reloads}}`))
    },
    async stuck(port) {
      const waiting = node.slow.length
      const client = await RawClient.connect(t, port)
      client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
      await until('the node has it', () => node.slow.length > waiting)
      return client
    },
  }
}

for (const workers of [0, 2]) {
  test(`drain.delay and timeouts.drain of a reload count at SIGTERM, ${workers} workers`, async (t) => {
    const serve = await startReloaded(t, workers)
    const [port = 0] = serve.ports
    await serve.reload({ drain: { delay: '1s' }, timeouts: { drain: '200ms' } })
    const client = await serve.stuck(port)
    const from = performance.now()
    serve.child.kill('SIGTERM')
    await until('it drains', async () => (await get(serve.control, '/readyz')).status === 503)
    const { status, headers } = await get(port, '/', {}, new Agent())
    assert.deepEqual([status, headers['connection']], [200, 'close'])
    assert.equal((await serve.ended).code, 0)
    assert.ok(performance.now() - from < 7_500, 'the default of timeouts.drain is 8 s')
    assert.ok(client.closed || client.ended)
  })

  test(`timeouts.replaced of a reload counts for an address that a later one closes, ${workers} workers`, async (t) => {
    const serve = await startReloaded(t, workers)
    const [first = 0, second = 0] = serve.ports
    const listen = [first, second].map((port) => `127.0.0.1:${port}`)
    await serve.reload({ listen, timeouts: { replaced: '300ms' } })
    const [stays, goes] = [await serve.stuck(first), await serve.stuck(second)]
    await serve.reload({ timeouts: { replaced: '300ms' } })
    await until('it is cut', () => goes.closed || goes.ended, 10_000)
    assert.ok(!stays.closed && !stays.ended)
  })
}

test('maxConnections of a reload counts for the next connection', async (t) => {
  const serve = await startReloaded(t, 0)
  const [port = 0] = serve.ports
  await serve.stuck(port)
  await serve.reload({ maxConnections: 2 })
  await serve.stuck(port)
  const third = await RawClient.connect(t, port)
  third.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('it is refused', () => third.closed || third.ended)
  assert.doesNotMatch(third.text, /200 OK/)
  await serve.reload({})
  assert.equal((await get(port)).status, 200)
})
