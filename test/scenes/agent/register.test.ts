import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join as joinPath } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Agent, type JoinOptions, joinCluster } from '../../../src/agent/index.ts'
import type { MetricValue } from '../../../src/wire/mcmp/load-metrics.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { startNode } from '../../support/node-server.ts'
import { startServe, startTopspin } from '../../support/topspin.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

async function join(
  t: TestContext,
  fakes: FakeHttpd[],
  more: Partial<JoinOptions> = {},
): Promise<Agent> {
  const { server } = await startNode(t)
  const proxies = fakes.map((fake) => fake.address)
  const agent = await joinCluster(server, { route: 'a', proxies, reportIntervalMs: 200, ...more })
  t.after(() => agent.close())
  return agent
}

test('a node sends INFO, CONFIG, ENABLE-APP and STATUS', async (t) => {
  const fake = await FakeHttpd.start(t)
  const agent = await join(t, [fake], {
    contexts: ['/shop', '/api'],
    aliases: ['shop.test', 'www'],
  })
  assert.deepEqual(fake.story([]), [
    'INFO',
    'CONFIG',
    'ENABLE-APP /shop',
    'ENABLE-APP /api',
    'STATUS',
  ])
  const config = fake.received[1]?.body
  assert.equal(config?.get('Host'), '127.0.0.1')
  assert.equal(config?.get('Type'), 'http')
  assert.equal(fake.received[2]?.body.get('Alias'), 'shop.test,www')
  const load = Number(fake.received[4]?.body.get('Load'))
  assert.ok(load >= 1 && load <= 50, `the first load factor is ${load}`)
  assert.deepEqual(agent.status, [
    { proxy: fake.address, state: { kind: 'report', reachable: true, id: '1' } },
  ])
})

test('nodes register over the unix socket of a proxy, and leave', async (t) => {
  const control = `unix:${joinPath(socketFolder(t), 'control.sock')}`
  const serve = await startServe(['--workers', '0'], {}, { control })
  t.after(() => serve.child.kill('SIGKILL'))
  const { server } = await startNode(t, (_, response) => response.end('from the node'))
  const proxies = [control]
  const agent = await joinCluster(server, { route: 'a', proxies, required: true })
  t.after(() => agent.close())
  const { port } = await startNode(t, (_, response) => response.end('from the target'))
  const target = `http://127.0.0.1:${port}`
  const args = ['agent', '--target', target, '--context', '/b', '--proxy', control, '--route', 'b']
  const sidecar = startTopspin(args)
  t.after(() => sidecar.child.kill('SIGKILL'))
  const text = async (path: string): Promise<string> =>
    (await fetch(new URL(path, serve.traffic))).text()
  assert.equal(await text('/'), 'from the node')
  await until('the sidecar has joined', async () => (await text('/b')) === 'from the target')
  await until('it says so', () =>
    /"proxy":"unix:.*"msg":"node joined"/.test(sidecar.printed.stderr),
  )
  sidecar.child.kill('SIGTERM')
  assert.equal((await sidecar.ended).code, 0)
  assert.equal(await text('/b'), 'from the node')
  await agent.close()
  assert.equal((await fetch(serve.traffic)).status, 404)
})

test('a report marks a load factor that comes from default metrics alone', async (t) => {
  const queue = { name: 'queue', read: () => 0.2 }
  for (const [options, source] of [
    [{}, 'default-metrics'],
    [{ capacity: 50 }, undefined],
    [{ metrics: [queue] }, undefined],
  ] as const) {
    const fake = await FakeHttpd.start(t)
    await join(t, [fake], options)
    const reports = fake.received.filter(({ method }) => method === 'STATUS')
    assert.deepEqual([reports.length > 0, reports[0]?.loadSource], [true, source])
  }
})

test('a proxy is told the metrics behind the load factor, and one that does not know the field accepts the report', async (t) => {
  const metrics = [{ name: 'queue', capacity: 500, read: () => 25 }]
  const fake = await FakeHttpd.start(t)
  const serve = await startServe([])
  t.after(() => serve.child.kill('SIGKILL'))
  const proxies = [fake.address, new URL(serve.control).host]
  await join(t, [], { metrics, proxies, route: 'told' })
  const report = fake.received.find(({ method }) => method === 'STATUS')
  assert.match(report?.loadMetrics ?? '', /^queue;value=25;capacity=500;load=0\.\d+$/)
  assert.deepEqual([...(report?.body.keys() ?? [])], ['JVMRoute', 'Load'])
  await until('the proxy shows them', async () => {
    const answer = await fetch(`${serve.control}api/v1/nodes/told`)
    const { loadMetrics } = (await answer.json()) as { loadMetrics?: readonly MetricValue[] }
    const [shown] = loadMetrics ?? []
    return shown?.name === 'queue' && shown.value === 25 && shown.capacity === 500
  })
})

test('reports are sent periodically over one connection', async (t) => {
  const fake = await FakeHttpd.start(t)
  await join(t, [fake])
  await fake.until('four reports came', () => fake.count('STATUS') >= 4)
  assert.equal(fake.connections, 1)
})

test('a connection that the proxy has closed is replaced', async (t) => {
  const fake = await FakeHttpd.start(t)
  await join(t, [fake])
  fake.dropConnections()
  await fake.until('a report came over a new connection', () => fake.count('STATUS') >= 3)
  assert.equal(fake.count('CONFIG'), 1)
})

test('a restarted proxy receives the whole registration at once', async (t) => {
  const fake = await FakeHttpd.start(t)
  await join(t, [fake], { contexts: ['/shop'] })
  const before = fake.received.length
  fake.restart()
  await fake.until('the context is back', () => fake.nodes.get('a')?.contexts.size === 1)
  await fake.until('a report was accepted', () => fake.received.at(-1)?.method === 'STATUS')
  const again = fake.received.slice(before).map(({ method }) => method)
  assert.deepEqual(again.slice(0, 5), ['STATUS', 'INFO', 'CONFIG', 'ENABLE-APP', 'STATUS'])
})

test('a proxy with another id and its old state receives only the missing messages', async (t) => {
  const fake = await FakeHttpd.start(t)
  await join(t, [fake], { contexts: ['/shop'] })
  fake.id++
  await fake.until('it was asked again', () => fake.count('CONFIG') === 2)
  assert.equal(fake.count('ENABLE-APP'), 1)
})

test('surplus contexts are removed, and contexts in another state are corrected', async (t) => {
  const fake = await FakeHttpd.start(t)
  const left = new Map([
    ['old.test /gone', 'ENABLED'],
    ['localhost /gone', 'ENABLED'],
    ['localhost /shop', 'DISABLED'],
    ['localhost /api', 'ENABLED'],
  ])
  fake.nodes.set('a', { config: new Map(), contexts: left })
  await join(t, [fake], { contexts: ['/shop', '/api'] })
  assert.deepEqual(fake.story([]), [
    'INFO',
    'CONFIG',
    'REMOVE-APP /gone',
    'REMOVE-APP /gone',
    'ENABLE-APP /shop',
    'STATUS',
  ])
  assert.deepEqual([...left.keys()].sort(), ['localhost /api', 'localhost /shop'])
})

test('a proxy that refuses is retried at growing intervals, with its reason in the status', async (t) => {
  const fake = await FakeHttpd.start(t)
  fake.refuse.set('CONFIG', { type: 'MEM', mess: 'MEM: Node with "a" JVMRoute already exists' })
  const agent = await join(t, [fake])
  await fake.until('it was tried four times', () => fake.count('CONFIG') >= 4)
  const state = agent.status[0]?.state
  assert.ok(state?.kind === 'discover' || state?.kind === 'register')
  if (state.kind === 'discover') assert.match(state.reason ?? '', /already exists/)
  const times = fake.received.filter(({ method }) => method === 'CONFIG').map(({ atMs }) => atMs)
  assert.ok((times[3] ?? 0) - (times[0] ?? 0) >= 45 + 90 + 90, 'too fast')
  fake.refuse.clear()
  await until('the node is registered', () => agent.status[0]?.state.kind === 'report')
})

test('a proxy that hangs and one that is missing do not delay the others', async (t) => {
  const [hung, good] = [await FakeHttpd.start(t), await FakeHttpd.start(t)]
  hung.silent = true
  const { server } = await startNode(t)
  const proxies = [hung.address, '127.0.0.1:1', good.address]
  const joining = joinCluster(server, { route: 'a', proxies, reportIntervalMs: 100 })
  await good.until('the good proxy got reports', () => good.count('STATUS') >= 3)
  assert.equal(hung.count('INFO'), 1)
  hung.silent = false
  hung.dropConnections()
  const agent = await joining
  t.after(() => agent.close())
  await until('both are registered', () =>
    [0, 2].every((index) => agent.status[index]?.state.kind === 'report'),
  )
  assert.equal(agent.status[1]?.state.kind, 'discover')
})

test('a proxy that cannot connect to the node is shown in the status', async (t) => {
  const fake = await FakeHttpd.start(t)
  fake.state = 'NOTOK'
  const agent = await join(t, [fake])
  assert.deepEqual(agent.status[0]?.state, { kind: 'report', reachable: false, id: '1' })
})

test('contexts are disabled, stopped, enabled, added and removed at every proxy', async (t) => {
  const fakes = [await FakeHttpd.start(t), await FakeHttpd.start(t)]
  const agent = await join(t, fakes, { contexts: ['/shop'] })
  await agent.disable('/shop')
  await agent.stop('/shop')
  await agent.enable('/new')
  await agent.remove('/shop')
  for (const fake of fakes) {
    assert.deepEqual(fake.story(['STATUS', 'INFO', 'CONFIG']), [
      'ENABLE-APP /shop',
      'DISABLE-APP /shop',
      'STOP-APP /shop',
      'ENABLE-APP /new',
      'REMOVE-APP /shop',
    ])
    fake.restart()
    await fake.until(
      'it knows the new context only',
      () => fake.nodes.get('a')?.contexts.get('localhost /new') === 'ENABLED',
    )
    assert.equal(fake.nodes.get('a')?.contexts.size, 1)
  }
  await assert.rejects(agent.enable('shop'), /slash/)
})

test('required: without a proxy joining fails in time, with the reasons', async (t) => {
  const { server } = await startNode(t)
  const options = { proxies: ['127.0.0.1:1'], required: true, requiredMs: 300 }
  await assert.rejects(
    joinCluster(server, options),
    /no proxy has registered.*127\.0\.0\.1:1.*ECONN/,
  )
})

test('a server can join before it listens, and a wildcard is registered as the local address of the connection', async (t) => {
  const fake = await FakeHttpd.start(t)
  const server = createServer()
  const joining = joinCluster(server, { route: 'a', proxies: [fake.address] })
  server.listen(0)
  const agent = await joining
  t.after(() => agent.close())
  assert.equal(fake.nodes.get('a')?.config.get('Host'), '127.0.0.1')
})

test('an HTTPS server is registered as https', async (t) => {
  const fake = await FakeHttpd.start(t)
  const server = createTlsServer().listen(0, '127.0.0.1')
  const agent = await joinCluster(server, { route: 'a', proxies: [fake.address] })
  assert.equal(fake.nodes.get('a')?.config.get('Type'), 'https')
  await agent.close()
  assert.equal(server.listening, false)
})

test('an application that closes its server itself leaves the cluster', async (t) => {
  const fake = await FakeHttpd.start(t)
  const { server } = await startNode(t)
  await joinCluster(server, { route: 'a', proxies: [fake.address] })
  server.close()
  await fake.until('the node is gone', () => fake.nodes.size === 0)
})

test('all problems of the options are reported at once, and nothing is sent', async (t) => {
  const fake = await FakeHttpd.start(t)
  const { server } = await startNode(t)
  const bad = {
    proxies: [fake.address, 'http://x'],
    route: 'a.b',
    contexts: ['shop/'],
    reportIntervalMs: 5,
    drain: { strategy: 'sessions' as const },
  }
  await assert.rejects(joinCluster(server, bad), (error: Error) => {
    for (const word of ['http://x', 'a.b', 'shop/', 'reportIntervalMs', 'sessions']) {
      assert.ok(error.message.includes(word), `${word} in ${error.message}`)
    }
    return true
  })
  assert.equal(fake.received.length, 0)
})
