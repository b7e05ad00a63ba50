import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { built, startChild } from '../../support/child.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { get, startNode } from '../../support/node-server.ts'
import { program as topspin } from '../../support/topspin.ts'

const sidecar = built('test/fixtures/sidecar.js')
const hasPython = spawnSync('python3', ['--version']).status === 0
const skip = hasPython ? false : 'python3 is not installed'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('a Python server is started, registered, reported and removed', { skip }, async (t) => {
  const fake = await FakeHttpd.start(t)
  const port = await freePort()
  const options = {
    target: `http://127.0.0.1:${port}`,
    proxies: [fake.address],
    contexts: ['/app'],
    route: 'py',
    reportIntervalMs: 200,
    command: ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1'],
  }
  const child = startChild(t, [sidecar, JSON.stringify(options)])
  await fake.until('it reports', () => fake.count('STATUS') > 1)
  assert.equal(fake.nodes.get('py')?.config.get('Port'), String(port))
  assert.ok(
    fake.received
      .filter(({ method }) => method === 'STATUS')
      .every(({ body }) => Number(body.get('Load')) > 0),
  )
  assert.equal((await get(port)).status, 200)
  child.process.kill('SIGTERM')
  // Python dies of the signal that is passed on.
  assert.equal(await child.ended, 128 + 15)
  assert.equal(fake.story().at(-1), 'REMOVE-APP /*')
  await assert.rejects(get(port))
})

test('a server that speaks HTTP/2 alone is registered as such', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startHttp2Node(t, (stream) => stream.respond({ ':status': 200 }))
  const target = `h2c://127.0.0.1:${node.port}`
  startChild(t, [topspin, 'agent', '--target', target, '--proxy', fake.address, '--route', 'rpc'])
  await fake.until('it is registered', () => fake.count('STATUS') > 0)
  assert.equal(fake.nodes.get('rpc')?.config.get('Type'), 'h2c')
})

test('the node leaves when its command ends', async (t) => {
  const fake = await FakeHttpd.start(t)
  const port = await freePort()
  const program = `const s=require('http').createServer((q,r)=>{r.end();if(q.url==='/die')setTimeout(()=>process.exit(9),50)}).listen(${port},'127.0.0.1')`
  const options = {
    target: `http://127.0.0.1:${port}`,
    proxies: [fake.address],
    route: 'b',
    command: [process.execPath, '-e', program],
  }
  const child = startChild(t, [sidecar, JSON.stringify(options)])
  await fake.until('it is registered', () => fake.count('STATUS') > 0)
  await get(port, '/die')
  assert.equal(await child.ended, 9)
  assert.equal(fake.nodes.size, 0)
})

for (const { proxy, prepare } of [
  {
    proxy: 'httpd, which shows the requests of a node in INFO alone',
    prepare: (fake: FakeHttpd, left: () => number) => {
      fake.connected = left
    },
  },
  {
    proxy: 'Undertow, which runs the pairs of its reply together',
    prepare: (fake: FakeHttpd, left: () => number) => {
      fake.isUndertow = true
      fake.requests = left
    },
  },
]) {
  test(`the node waits for requests in flight at ${proxy}`, async (t) => {
    const fake = await FakeHttpd.start(t)
    const node = await startNode(t)
    let left = 3
    prepare(fake, () => left)
    const options = { target: `http://127.0.0.1:${node.port}`, proxies: [fake.address] }
    const child = startChild(t, [sidecar, JSON.stringify(options)])
    await fake.until('it is registered', () => fake.count('STATUS') > 0)
    child.process.kill('SIGTERM')
    await fake.until('it is asked again and again', () => fake.count('STOP-APP') > 4)
    assert.equal(fake.count('REMOVE-APP'), 0)
    left = 0
    assert.equal(await child.ended, 0)
    assert.equal(fake.story(['STATUS', 'INFO']).at(-1), 'REMOVE-APP /*')
  })
}

test('a node that proxies never stop counting leaves at the deadline', async (t) => {
  const fake = await FakeHttpd.start(t)
  fake.connected = () => 1
  const node = await startNode(t)
  const target = `http://127.0.0.1:${node.port}`
  const options = { target, proxies: [fake.address], drain: { deadlineMs: 500 } }
  const child = startChild(t, [sidecar, JSON.stringify(options)])
  await fake.until('it is registered', () => fake.count('STATUS') > 0)
  child.process.kill('SIGTERM')
  assert.equal(await child.ended, 0)
  assert.equal(fake.story(['STATUS', 'INFO']).at(-1), 'REMOVE-APP /*')
})

test('a target that cuts off its checks is reported as -1 until it answers again', async (t) => {
  const fake = await FakeHttpd.start(t)
  let cuts = false
  const node = await startNode(t, (_request, response) => {
    if (cuts) response.destroy()
    else response.end()
  })
  const options = {
    target: `http://127.0.0.1:${node.port}`,
    proxies: [fake.address],
    reportIntervalMs: 200,
    probeIntervalMs: 50,
  }
  const child = startChild(t, [sidecar, JSON.stringify(options)])
  const last = (): number =>
    Number(fake.received.findLast(({ method }) => method === 'STATUS')?.body.get('Load'))
  await fake.until('it is free', () => last() > 0)
  cuts = true
  await fake.until('it is broken', () => last() === -1)
  cuts = false
  await fake.until('it is free again', () => last() > 0)
  child.process.kill('SIGTERM')
  assert.equal(await child.ended, 0)
  assert.equal(node.server.listening, true)
})

test('a target that never answers ends the sidecar with 1 and is never registered', async (t) => {
  const fake = await FakeHttpd.start(t)
  const options = {
    target: `http://127.0.0.1:${await freePort()}`,
    proxies: [fake.address],
    startDeadlineMs: 300,
  }
  const child = startChild(t, [sidecar, JSON.stringify(options)])
  assert.equal(await child.ended, 1)
  assert.equal(fake.received.length, 0)
})

test('a target that works on a long request is not reported as broken', async (t) => {
  const fake = await FakeHttpd.start(t)
  let asked = 0
  const busy = createHttpServer((_, response) => {
    asked += 1
    if (asked === 1) response.end()
  })
  busy.listen(0, '127.0.0.1')
  await once(busy, 'listening')
  t.after(() => {
    busy.closeAllConnections()
    busy.close()
  })
  const options = {
    target: `http://127.0.0.1:${(busy.address() as AddressInfo).port}`,
    proxies: [fake.address],
    contexts: ['/app'],
    route: 'busy',
    reportIntervalMs: 200,
    probeIntervalMs: 20,
  }
  startChild(t, [sidecar, JSON.stringify(options)])
  await fake.until('it has reported for three seconds', () => fake.count('STATUS') > 15)
  const loads = fake.received.filter(({ method }) => method === 'STATUS')
  assert.ok(loads.every(({ body }) => Number(body.get('Load')) > 0))
  assert.equal(asked, 2, 'one request waits, and no further one is sent')
})
