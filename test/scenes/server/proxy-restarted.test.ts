// A proxy that is restarted without state: the nodes register again by themselves.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { freePorts } from '../../support/free-ports.ts'
import { type Answer, get } from '../../support/node-server.ts'
import { type NodeRun, SessionNodes } from '../../support/session-nodes.ts'
import { type Running, startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

/** Two report periods of the nodes, ms. */
const backWithin = 2_000

interface Place {
  readonly traffic: number
  readonly control: number
}

test('all nodes register again with a restarted proxy within two report periods', async (t) => {
  const place = await freePlace()
  const nodes = startNodes(t, place)
  let proxy = await startProxy(t, place)
  await Promise.all(nodes.map((node) => node.ready()))
  const cookies = await Promise.all(nodes.map((node) => sessionOn(node, place)))
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    proxy.child.kill('SIGKILL')
    await proxy.ended
    proxy = await startProxy(t, place)
    times.push(await untilBack(nodes, place))
    // The proxy has forgotten everything, the sessions have not.
    for (const [index, cookie] of cookies.entries()) {
      const answer = await ask(place.traffic, '/', { cookie })
      assert.equal(answer.headers['x-run'], nodes[index]?.run)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
  }
  t.diagnostic(`all nodes back after ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
  for (const ms of times) assert.ok(ms <= backWithin, `${ms} ms`)
})

test('nodes continue while their proxy is away', async (t) => {
  const place = await freePlace()
  const nodes = startNodes(t, place)
  const first = await startProxy(t, place)
  await Promise.all(nodes.map((node) => node.ready()))
  first.child.kill('SIGKILL')
  await first.ended
  await until(
    'every node has tried six times in vain',
    () => nodes.every((node) => node.failures >= 6),
    30_000,
    () => nodes.map((node) => node.evidence),
  )
  for (const node of nodes) assert.equal((await get(node.port)).status, 200)
  await startProxy(t, place)
  const ms = await untilBack(nodes, place)
  t.diagnostic(`all nodes back after ${ms.toFixed(0)} ms`)
  assert.ok(ms <= backWithin, `${ms} ms`)
})

test('nodes that start before the proxy register when it starts', async (t) => {
  const place = await freePlace()
  const nodes = startNodes(t, place)
  await until(
    'every node has tried three times in vain',
    () => nodes.every((node) => node.failures >= 3),
    15_000,
    () => nodes.map((node) => node.evidence),
  )
  await startProxy(t, place)
  const ms = await untilBack(nodes, place)
  t.diagnostic(`all nodes there after ${ms.toFixed(0)} ms`)
  assert.ok(ms <= backWithin, `${ms} ms`)
})

/** On a connection of its own: one that was kept may have died with the proxy before. */
function ask(port: number, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  return get(port, path, { connection: 'close', ...headers })
}

function startNodes(t: TestContext, place: Place): NodeRun[] {
  const nodes = new SessionNodes(t)
  const control = `127.0.0.1:${place.control}`
  return ['a', 'b', 'c'].map((route) => nodes.start({ route, control, port: 0 }))
}

/** Resolves when it listens, which is when its nodes can begin to come back. */
async function startProxy(t: TestContext, { traffic, control }: Place): Promise<Running> {
  const where = { listen: `127.0.0.1:${traffic}`, control: `127.0.0.1:${control}` }
  const proxy = await startServe([], {}, { ...where, deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  return proxy
}

/** Milliseconds until every node is registered, has reported, and has answered a request through the proxy. */
async function untilBack(nodes: readonly NodeRun[], place: Place): Promise<number> {
  const start = performance.now()
  const wanted = nodes.map((node) => node.route).sort()
  let routes: string[] = []
  await until(
    'all nodes have reported',
    async () => {
      const { text } = await ask(place.control, '/api/status')
      const report = JSON.parse(text) as { nodes: { route: string; loadFactor: number | null }[] }
      routes = report.nodes.filter((node) => node.loadFactor !== null).map((node) => node.route)
      return routes.sort().join() === wanted.join()
    },
    20_000,
    () => ({ routes, nodes: nodes.map((node) => node.evidence) }),
  )
  // Whatever its load is, a node gets what belongs to a session of its own.
  for (const { route, run } of nodes) {
    const answer = await ask(place.traffic, '/', { cookie: `JSESSIONID=elsewhere.${route}` })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['x-run'], run)
  }
  return performance.now() - start
}

/** A session that was begun on this node, as a Cookie field. */
async function sessionOn(node: NodeRun, place: Place): Promise<string> {
  const answer = await ask(place.traffic, '/', { cookie: `JSESSIONID=elsewhere.${node.route}` })
  assert.equal(answer.headers['x-run'], node.run)
  return String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
}

async function freePlace(): Promise<Place> {
  const [traffic = 0, control = 0] = await freePorts(2)
  return { traffic, control }
}
