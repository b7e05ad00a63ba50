// Workers of node:cluster that share a port are one node.

import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { Agent, createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { joinCluster } from '../../../src/agent/index.ts'
import type { EndBy } from '../../fixtures/cluster-app.ts'
import { built } from '../../support/child.ts'
import { ClusterApp } from '../../support/cluster-app.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { Load } from '../../support/load.ts'
import { type Answer, get as getKept } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const quick = { reportIntervalMs: 200 }
const auto = ['--import', pathToFileURL(built('src/auto.js')).href]

/** On a connection of its own: the workers take turns. */
const get = (port: number, path: string = '/'): Promise<Answer> =>
  getKept(port, path, {}, new Agent())

/** Everything that was registered or removed, apart from what is repeated. */
const story = (fake: FakeHttpd): string[] => fake.story(['STATUS', 'INFO', 'CONFIG'])

test('workers register one node, and the last one alone removes it', async (t) => {
  const fake = await FakeHttpd.start(t)
  const agent = { ...quick, contexts: ['/shop'] }
  const app = await ClusterApp.start(t, { workers: 4, control: fake.address, port: 0, agent })
  await fake.until('it reports', () => fake.count('STATUS') > 3)
  assert.equal(fake.nodes.size, 1)
  assert.deepEqual(story(fake), ['ENABLE-APP /shop'])
  assert.equal(fake.connections, 1)
  const { endings } = await app.order({ do: 'end', by: 'SIGTERM' })
  assert.deepEqual(endings, Array(4).fill('SIGTERM'))
  assert.equal(fake.nodes.size, 0)
  assert.deepEqual(story(fake), [
    'ENABLE-APP /shop',
    'DISABLE-APP /shop',
    'STOP-APP /shop',
    'REMOVE-APP /*',
  ])
})

for (const isUnscheduled of [false, true]) {
  for (const by of ['SIGTERM', 'disconnect', 'shutdown'] as const satisfies readonly EndBy[]) {
    const policy = isUnscheduled ? 'the operating system' : 'the primary'
    test(`a rolling restart by ${by}, where ${policy} distributes connections: no request fails`, async (t) => {
      const proxy = await startServe([], {}, { deadlineMs: 60_000 })
      t.after(() => proxy.child.kill('SIGKILL'))
      const control = new URL(proxy.control).host
      const handlesShutdown = by === 'shutdown'
      const options = { workers: 2, control, port: 0, isUnscheduled, handlesShutdown }
      const app = await ClusterApp.start(t, options)
      const before = app.news.pids
      const port = Number(new URL(proxy.traffic).port)
      await until('the node answers', async () => (await get(port)).status === 200)
      const load = new Load(t, { port, rate: 200, users: 16 })
      await load.more(200)
      const { pids } = await app.order({ do: 'roll', by })
      await load.more(200)
      const summary = await load.stop()
      t.diagnostic(`${summary.completed} requests, ${summary.failures.length} failed`)
      assert.deepEqual(summary.failures, [])
      assert.ok(!pids.some((pid) => before.includes(pid)), `${before} -> ${pids}`)
    })
  }
}

test('one worker after the other is replaced by a single new one, as PM2 does with one instance', async (t) => {
  const fake = await FakeHttpd.start(t)
  const app = await ClusterApp.start(t, {
    workers: 1,
    control: fake.address,
    port: 0,
    agent: quick,
  })
  await fake.until('it reports', () => fake.count('STATUS') > 0)
  for (let i = 0; i < 3; i++) await app.order({ do: 'roll', by: 'SIGTERM' })
  await fake.until('it reports on', () => fake.count('STATUS') > 5)
  assert.deepEqual(story(fake), ['ENABLE-APP /'])
  assert.doesNotMatch(app.printed, /node left/)
  assert.equal(app.printed.split('node joined').length - 1, 1)
})

test('the next worker leads at once when the first is killed, and the load report continues', async (t) => {
  const fake = await FakeHttpd.start(t)
  const agent = { ...quick, initialLoad: 0 }
  const app = await ClusterApp.start(t, { workers: 3, control: fake.address, port: 0, agent })
  await fake.until('the load factor has risen', () => lastLoad(fake) > 50)
  await app.order({ do: 'end', by: 'SIGKILL', index: 0 })
  const before = fake.count('STATUS')
  await fake.until('another one reports', () => fake.count('STATUS') > before + 3)
  assert.ok(lastLoad(fake) > 50, `${lastLoad(fake)}`)
  assert.deepEqual(story(fake), ['ENABLE-APP /'])
  await app.order({ do: 'end', by: 'SIGTERM' })
  assert.equal(fake.nodes.size, 0)
})

test('the node is removed when its primary is killed', async (t) => {
  const fake = await FakeHttpd.start(t)
  const app = await ClusterApp.start(t, {
    workers: 3,
    control: fake.address,
    port: 0,
    agent: quick,
  })
  await fake.until('it reports', () => fake.count('STATUS') > 0)
  app.process.kill('SIGKILL')
  await app.ended()
  assert.equal(fake.nodes.size, 0)
  assert.equal(story(fake).at(-1), 'REMOVE-APP /*')
})

test('workers with ports of their own are nodes of their own', async (t) => {
  const fake = await FakeHttpd.start(t)
  const options = { workers: 3, control: fake.address, port: 0, ownPorts: true, agent: quick }
  const app = await ClusterApp.start(t, options)
  await fake.until('all are registered', () => fake.nodes.size === 3)
  await app.order({ do: 'end', by: 'SIGTERM', index: 1 })
  assert.equal(fake.nodes.size, 2)
  await app.order({ do: 'end', by: 'SIGTERM' })
  assert.equal(fake.nodes.size, 0)
})

test('requests in flight and capacities of all workers are added up in the load report', async (t) => {
  const fake = await FakeHttpd.start(t)
  const agent = { ...quick, initialLoad: -1, history: 0 }
  const options = { workers: 2, control: fake.address, port: 0, capacity: 10, agent }
  const app = await ClusterApp.start(t, options)
  await fake.until('it reports', () => fake.count('STATUS') > 0)
  for (let i = 0; i < 8; i++) get(app.news.port, '/hang').catch(() => {})
  // 8 of 20, whichever worker has them.
  await fake.until('the load factor is that of both', () => lastLoad(fake) === 60)
  const { headers } = await get(app.news.port)
  assert.match(String(headers['endpoint-load-metrics']), /named_metrics\.in_flight=8\b/)
})

test('a change of a context by any worker holds for all', async (t) => {
  const fake = await FakeHttpd.start(t)
  const agent = { ...quick, contexts: ['/', '/a'] }
  const app = await ClusterApp.start(t, { workers: 2, control: fake.address, port: 0, agent })
  const seen = new Map<string, string>()
  const ask = async (path: string): Promise<void> => {
    const { headers, text } = await get(app.news.port, path)
    seen.set(String(headers['x-run']), text)
  }
  await until('both have joined', async () => {
    await ask('/agent/state').catch(() => {})
    return seen.size === 2 && [...seen.values()].every((text) => text.includes('"report"'))
  })
  seen.clear()
  for (const path of ['/agent/disable?path=/a', '/agent/disable?path=/a']) await ask(path)
  assert.equal(seen.size, 2)
  for (const text of seen.values()) assert.match(text, /\["\/a","DISABLED"\]/)
  assert.deepEqual(
    [...(fake.nodes.values().next().value?.contexts.values() ?? [])],
    ['ENABLED', 'DISABLED'],
  )
  for (const path of ['/agent/drain?path=/a', '/agent/enable?path=/a']) await ask(path)
  assert.equal(story(fake).at(-1), 'ENABLE-APP /a')
})

test('topspin/auto joins workers, and a primary that gets SIGTERM alone ends after them', async (t) => {
  const fake = await FakeHttpd.start(t)
  const env = { TOPSPIN_PROXIES: fake.address, TOPSPIN_REPORT_INTERVAL: '200ms' }
  const options = { workers: 2, control: '', port: 0, join: 'auto', execArgv: auto, env } as const
  const app = await ClusterApp.start(t, options)
  await fake.until('it reports', () => fake.count('STATUS') > 1)
  assert.equal(fake.nodes.size, 1)
  const slow = get(app.news.port, '/?ms=300')
  await new Promise((resolve) => setTimeout(resolve, 50))
  app.process.kill('SIGTERM')
  assert.equal((await slow).status, 200)
  await app.ended()
  assert.equal(fake.nodes.size, 0)
  assert.equal(app.process.signalCode, 'SIGTERM')
})

test("an application's own handler of SIGTERM runs after the worker has left", async (t) => {
  const fake = await FakeHttpd.start(t)
  const options = { workers: 2, control: fake.address, port: 0, exitCode: 7, agent: quick }
  const app = await ClusterApp.start(t, options)
  await fake.until('it reports', () => fake.count('STATUS') > 0)
  const { endings } = await app.order({ do: 'end', by: 'SIGTERM' })
  assert.deepEqual(endings, [7, 7])
  assert.equal(fake.nodes.size, 0)
})

test('a signal that arrives twice, as Ctrl-C through npm does, counts once', async (t) => {
  const fake = await FakeHttpd.start(t)
  const app = await ClusterApp.start(t, {
    workers: 1,
    control: fake.address,
    port: 0,
    agent: quick,
  })
  await fake.until('it reports', () => fake.count('STATUS') > 0)
  const slow = get(app.news.port, '/?ms=700')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const [pid = 0] = app.news.pids
  for (let i = 0; i < 2; i++) process.kill(pid, 'SIGINT')
  assert.equal((await slow).status, 200)
  await until('it has left', () => fake.nodes.size === 0)
})

test('a server that has joined is refused a second time, until it has left', async (t) => {
  const fake = await FakeHttpd.start(t)
  const server = createServer().listen(0, '127.0.0.1')
  const options = { proxies: [fake.address] }
  const agent = await joinCluster(server, options)
  await assert.rejects(joinCluster(server, options), {
    code: 'ALREADY_JOINED',
    message: /close its agent first/,
  })
  assert.equal(fake.nodes.size, 1)
  await agent.close()
  server.listen(0, '127.0.0.1')
  const again = await joinCluster(server, options)
  await again.close()
})

test('processes outside node:cluster that share a port join as one node by an option', async (t: TestContext) => {
  assert.equal(cluster.isWorker, false)
  const fake = await FakeHttpd.start(t)
  const server = createServer().listen(0, '127.0.0.1')
  const agent = await joinCluster(server, { proxies: [fake.address], sharedPort: true })
  assert.equal(fake.nodes.size, 1)
  await agent.close()
  assert.equal(fake.nodes.size, 0)
})

/** Of the last report. */
function lastLoad(fake: FakeHttpd): number {
  const last = fake.received.findLast(({ method }) => method === 'STATUS')
  return Number(last?.body.get('Load') ?? Number.NaN)
}
