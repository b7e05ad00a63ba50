// A proxy whose only node refuses connections: it gets a request as soon as it is back, without waiting for a probe.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { freePorts } from '../../support/free-ports.ts'
import { until } from '../../support/until.ts'
import { startWorkers } from '../../support/workers.ts'

const statusAt = async (port: number): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}/`)).status

async function listenAt(t: { after(end: () => void): void }, port: number): Promise<void> {
  const node = createServer((_, response) => response.end('back')).listen(port, '127.0.0.1')
  t.after(() => node.close())
  await once(node, 'listening')
}

test('a node that comes back gets a request where nothing probes it', async (t) => {
  const [port = 0] = await freePorts(1)
  const proxy = await startProxy(t, [{ port }])
  for (let count = 0; count < 20; count++) assert.equal(await statusAt(proxy.port), 503)

  await listenAt(t, port)
  await until('a request is served', async () => (await statusAt(proxy.port)) === 200)
  for (let count = 0; count < 20; count++) assert.equal(await statusAt(proxy.port), 200)
})

for (const workers of [0, 2]) {
  test(`a probe follows the request that reaches it, ${workers} workers`, async (t) => {
    const [port = 0] = await freePorts(1)
    const args = ['--to', `127.0.0.1:${port}`]
    const serve = await startWorkers(t, workers, {}, { args, deadlineMs: 60_000 })
    await serve.sees(/node is down/)
    assert.equal(await statusAt(serve.trafficPort), 503)

    await listenAt(t, port)
    await until('a request is served', async () => (await statusAt(serve.trafficPort)) === 200)
    await serve.sees(/node is up/)
  })
}
