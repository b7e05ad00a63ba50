// Nodes that answer errors, and fast: they must not draw the traffic to themselves by that. Taken out for a
// while, at most half of them at a time, and back when they are well. With mod_cluster's shares: by default such a node
// gets too few requests to be taken out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNode } from '../../support/node-server.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

const modCluster = { TOPSPIN_CANDIDACY: 'mod_cluster' }

async function cluster(t: import('node:test').TestContext, count: number) {
  const broken = new Set<number>()
  const hits = Array.from({ length: count }, () => 0)
  const serve = await startWorkers(t, 1, modCluster, { deadlineMs: 40_000 })
  for (let index = 0; index < count; index++) {
    const node = await startNode(t, (request, response) => {
      // The proxy itself asks by OPTIONS whether a node is there.
      if (request.method === 'GET') hits[index]!++
      if (broken.has(index)) response.writeHead(503).end('broken')
      else setTimeout(() => response.end('fine'), 2)
    })
    await serve.register(`n${index}`, node.port, 100)
  }
  const client = await RawClient.connect(t, serve.trafficPort)
  /** Statuses of so many answers, with how many there were of each. */
  const ask = async (times: number): Promise<Record<number, number>> => {
    const statuses: Record<number, number> = {}
    for (let i = 0; i < times; i++) {
      const { status } = await client.ask(get('/'))
      statuses[status] = (statuses[status] ?? 0) + 1
    }
    return statuses
  }
  return { broken, hits, serve, ask }
}

const ejections = async (serve: Workers): Promise<number> =>
  (await serve.status()).traffic.ejections

test('a node that answers 503 fast is ejected, and returns when it recovers', async (t) => {
  const { broken, hits, serve, ask } = await cluster(t, 3)
  await ask(30)
  assert.deepEqual(hits, [10, 10, 10])
  const from = performance.now()
  broken.add(0)
  hits.fill(0)
  const during = await ask(300)
  t.diagnostic(`while broken: ${JSON.stringify(during)}, hits ${hits}`)
  assert.equal((during[200] ?? 0) + (during[503] ?? 0), 300)
  assert.equal(hits[0], during[503])
  assert.ok((hits[0] ?? 0) <= 20, `${hits[0]} errors`)
  assert.equal(await ejections(serve), 1)
  const shown = (await serve.status()).nodes.map(({ route, ejectedForErrors }) => [
    route,
    ejectedForErrors,
  ])
  assert.deepEqual(shown, [
    ['n0', true],
    ['n1', false],
    ['n2', false],
  ])
  broken.clear()
  await until('it is chosen again', async () => {
    hits.fill(0)
    return (await ask(30))[200] === 30 && hits[0]! > 0
  })
  const waited = performance.now() - from
  t.diagnostic(`back after ${Math.round(waited)} ms`)
  assert.ok(waited > 3_000, 'it was out for a while')
  hits.fill(0)
  await ask(60)
  const [first = 0, ...others] = hits
  assert.ok(first > 15 && first < 25, `no burst for who comes back: ${first}, ${others}`)
})

test('at most half of the nodes are ejected at a time', async (t) => {
  const { broken, hits, serve, ask } = await cluster(t, 4)
  for (const index of [0, 1, 2]) broken.add(index)
  let most = 0
  const out = async (): Promise<number> => {
    const { nodes } = await serve.status()
    const count = nodes.filter(({ ejectedForErrors }) => ejectedForErrors).length
    most = Math.max(most, count)
    return count
  }
  // An ejection ends after 5 s, and the next one takes as many errors again.
  await until('two get no requests', async () => {
    await ask(20)
    await out()
    hits.fill(0)
    await ask(20)
    const unused = hits.filter((times) => times === 0).length
    return unused === 2 && hits[3]! >= 9 && (await out()) === 2
  })
  await ask(200)
  await out()
  assert.equal(most, 2)
})

test('errors that a client provokes eject no node, wherever it sends the requests', async (t) => {
  const serve = await startWorkers(t, 1, modCluster, { deadlineMs: 40_000 })
  for (const name of ['a', 'b', 'c']) {
    const node = await startNode(t, (request, response) => {
      const status = Number(/status=(\d+)/.exec(request.url ?? '')?.[1] ?? 200)
      response.writeHead(status, { 'x-node': name }).end()
    })
    await serve.register(name, node.port, 100)
  }
  const client = await RawClient.connect(t, serve.trafficPort)
  for (const status of [500, 501, 503, 504]) {
    for (let i = 0; i < 90; i++) await client.ask(get(`/?status=${status}`))
  }
  const seen = new Set<string | undefined>()
  for (let i = 0; i < 30; i++) seen.add((await client.ask(get('/'))).get('x-node'))
  assert.equal(seen.size, 3)
  // By a session it can have them all from one node.
  for (let i = 0; i < 90; i++) await client.ask(get('/?status=503', 'Cookie: JSESSIONID=x.a'))
  assert.equal(await ejections(serve), 0)
})

test('a node that breaks off its connections is ejected', async (t) => {
  const serve = await startWorkers(t, 1, modCluster, { deadlineMs: 40_000 })
  let broken = 0
  for (const name of ['a', 'b', 'c']) {
    const node = await startNode(t, (_, response) => {
      if (name !== 'a') return void response.end('fine')
      broken++
      response.writeHead(200, { 'content-length': '10' }).write('half')
      setTimeout(() => response.destroy(), 1)
    })
    await serve.register(name, node.port, 100)
  }
  for (let i = 0; i < 150; i++) {
    const client = await RawClient.connect(t, serve.trafficPort)
    await client.ask(get('/')).catch(() => {})
    client.socket.destroy()
  }
  assert.equal(await ejections(serve), 1)
  assert.ok(broken < 40, `${broken} broken responses`)
})
