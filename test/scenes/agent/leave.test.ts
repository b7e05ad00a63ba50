import assert from 'node:assert/strict'
import { Agent as HttpAgent, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { get, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

test('a node leaves in steps, and only after its requests have finished', async (t) => {
  const fakes = [await FakeHttpd.start(t), await FakeHttpd.start(t)]
  const node = await startNode(t)
  const proxies = fakes.map((fake) => fake.address)
  const agent = await joinCluster(node.server, { route: 'a', proxies, contexts: ['/shop'] })
  const slow = get(node.port, '/slow')
  await until('the slow request is in hand', () => agent.inFlight === 1)
  const closing = agent.close()
  for (const fake of fakes)
    await fake.until('STOP-APP has arrived', () => fake.count('STOP-APP') > 0)
  const late = await get(node.port)
  assert.equal(late.status, 200)
  assert.equal(late.headers['connection'], 'close')
  assert.equal(node.server.listening, true)
  assert.ok(fakes.every((fake) => fake.count('REMOVE-APP') === 0))
  node.slow[0]?.end('slowly done')
  assert.equal((await slow).text, 'slowly done')
  await closing
  assert.equal(node.server.listening, false)
  for (const fake of fakes) {
    assert.deepEqual(fake.story(['INFO', 'CONFIG', 'STATUS']), [
      'ENABLE-APP /shop',
      'DISABLE-APP /shop',
      'STOP-APP /shop',
      'REMOVE-APP /*',
    ])
  }
})

test('requests that only the proxy counts are waited for', async (t) => {
  const fake = await FakeHttpd.start(t)
  let requests = 2
  fake.requests = () => requests--
  const node = await startNode(t)
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address] })
  await agent.close()
  assert.equal(fake.count('STOP-APP'), 3)
  assert.equal(fake.nodes.size, 0)
})

test('sessions are waited for between DISABLE and STOP', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  let left = 1
  const drain = { strategy: 'sessions' as const, sessions: () => left }
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address], drain })
  const closing = agent.close()
  await fake.until('it is disabled', () => fake.count('DISABLE-APP') === 1)
  assert.equal((await get(node.port)).status, 200)
  assert.equal(fake.count('STOP-APP'), 0)
  left = 0
  await closing
  assert.equal(fake.story().at(-1), 'REMOVE-APP /*')
})

test('load reports continue while sessions are waited for', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  let left = 1
  const agent = await joinCluster(node.server, {
    route: 'a',
    proxies: [fake.address],
    reportIntervalMs: 100,
    drain: { sessions: () => left },
  })
  const closing = agent.close()
  await fake.until('it is disabled', () => fake.count('DISABLE-APP') === 1)
  const before = fake.count('STATUS')
  await fake.until('it reports', () => fake.count('STATUS') > before + 2)
  left = 0
  await closing
  assert.equal(fake.story().at(-1), 'REMOVE-APP /*')
})

test('distributable sessions are not waited for', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  const drain = { sessions: () => 1, distributable: true }
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address], drain })
  await agent.close()
  assert.equal(fake.story().at(-1), 'REMOVE-APP /*')
})

test('one context is drained by its sessions and the counts of the proxies, while others continue', async (t) => {
  const fakes = [await FakeHttpd.start(t), await FakeHttpd.start(t)]
  const left = [2, 1]
  for (const [i, fake] of fakes.entries()) fake.requests = () => left[i] ?? 0
  const node = await startNode(t)
  const sessions = new Map([
    ['/a', 1],
    ['/b', 9],
  ])
  const agent = await joinCluster(node.server, {
    route: 'a',
    proxies: fakes.map((fake) => fake.address),
    contexts: ['/a', '/b'],
    drain: { sessions: (context) => sessions.get(context ?? '') ?? 0 },
  })
  t.after(() => agent.close())
  const elsewhere = get(node.port, '/slow')
  await assert.rejects(agent.drain('/c'), /is not a context of this node/)
  let drained = false
  const draining = agent.drain('/a').then(() => {
    drained = true
  })
  for (const fake of fakes)
    await fake.until('it is disabled', () => fake.count('DISABLE-APP') === 1)
  assert.equal(fakes[0]?.count('STOP-APP'), 0)
  sessions.set('/a', 0)
  left[0] = 0
  await fakes[1]?.until('it is asked again', () => (fakes[1]?.count('STOP-APP') ?? 0) > 1)
  assert.equal(drained, false, 'one of two proxies still has one in flight')
  left[1] = 0
  await draining
  assert.equal(agent.contexts.get('/a'), 'STOPPED')
  assert.equal(agent.contexts.get('/b'), 'ENABLED')
  assert.ok(!fakes.some((fake) => fake.story().includes('DISABLE-APP /b')))
  node.slow[0]?.end()
  await elsewhere
})

test('the requests of one context are waited for where the proxy counts none, and no others', async (t) => {
  const fake = await FakeHttpd.start(t)
  const open: ServerResponse[] = []
  // As Express does, the handler rewrites the URL.
  const node = await startNode(t, (request, response) => {
    request.url = '/'
    open.push(response)
  })
  const agent = await joinCluster(node.server, {
    route: 'a',
    proxies: [fake.address],
    contexts: ['/', '/shop', '/shop/admin'],
  })
  t.after(() => agent.close())
  const paths = ['/shop/cart?x=1', '/shop/admin/', '/shopping', '//shop/x/..']
  const answers: Promise<unknown>[] = []
  for (const [index, path] of paths.entries()) {
    answers.push(get(node.port, path))
    await until(`${path} is in hand`, () => agent.inFlight === index + 1)
  }
  let isDrained = false
  const draining = agent.drain('/shop').then(() => {
    isDrained = true
  })
  await fake.until('it is stopped', () => fake.count('STOP-APP') > 0)
  open[0]?.end()
  await until('one of its two is answered', () => agent.inFlight === 3)
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.equal(isDrained, false)
  open[3]?.end()
  await draining
  assert.equal(agent.inFlight, 2)
  for (const response of open) response.end()
  await Promise.all(answers)
})

test('a request that never ends delays the node until the deadline and no longer', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  const drain = { deadlineMs: 400 }
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address], drain })
  const cut = get(node.port, '/slow').catch(() => 'cut')
  await until('the slow request is in hand', () => agent.inFlight === 1)
  const start = performance.now()
  await agent.close()
  assert.equal(await cut, 'cut')
  const took = performance.now() - start
  assert.ok(took > 390 && took < 5_000, `took ${took} ms`)
})

test('the strategy none waits for nothing, but every proxy receives the messages', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  const drain = { strategy: 'none' as const }
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address], drain })
  const cut = get(node.port, '/slow').catch(() => 'cut')
  await until('the slow request is in hand', () => agent.inFlight === 1)
  await agent.close()
  assert.equal(await cut, 'cut')
  assert.equal(fake.story().at(-1), 'REMOVE-APP /*')
})

test('upgraded connections are waited for only when asked', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  node.server.on('upgrade', (_request, socket) => {
    socket.resume().on('end', () => socket.end())
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
  })
  const drain = { upgraded: true }
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address], drain })
  const socket = connect(node.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  const closing = agent.close()
  await fake.until('STOP-APP has arrived', () => fake.count('STOP-APP') > 0)
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.equal(fake.count('REMOVE-APP'), 0)
  socket.destroy()
  await closing
})

test('leaving ends within the deadlines while a proxy hangs, and the others are notified', async (t) => {
  const [hung, good] = [await FakeHttpd.start(t), await FakeHttpd.start(t)]
  const node = await startNode(t)
  const proxies = [hung.address, good.address]
  const drain = { deadlineMs: 600 }
  const agent = await joinCluster(node.server, { route: 'a', proxies, drain })
  hung.silent = true
  await agent.close()
  assert.equal(good.story().at(-1), 'REMOVE-APP /*')
})

test('clients that send during the leaving see no error', async (t) => {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t)
  const agent = await joinCluster(node.server, { route: 'a', proxies: [fake.address] })
  const keep = new HttpAgent({ keepAlive: true })
  t.after(() => keep.destroy())
  const answers: number[] = []
  // As a proxy does: it sends until STOP-APP.
  const client = async (): Promise<void> => {
    while (fake.count('STOP-APP') === 0) answers.push(await ask(node.port, keep))
  }
  const clients = Promise.all(Array.from({ length: 4 }, client))
  await until('there is traffic', () => answers.length > 50)
  await Promise.all([agent.close(), clients])
  assert.ok(answers.every((status) => status === 200))
})

function ask(port: number, agent: HttpAgent): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
