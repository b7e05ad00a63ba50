// Weights, ejections and drains by the API: they act in every worker, and outlive registrations and restarts.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { makeFolder } from '../../support/folder.ts'
import { freePorts } from '../../support/free-ports.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

// biome-ignore lint/suspicious/noExplicitAny: the test reads what it expects
type Answer = any

interface Proxy {
  readonly child: { kill(signal: NodeJS.Signals): void }
  readonly traffic: number
  show(path: string): Promise<Answer>
  act(body: object, path?: string): Promise<Answer>
}

async function startProxy(t: TestContext, args: readonly string[], ports?: readonly number[]) {
  const [traffic = 0, control = 0] = ports ?? (await freePorts(2))
  const serve = await startServe(
    args,
    {},
    { listen: `127.0.0.1:${traffic}`, control: `127.0.0.1:${control}`, deadlineMs: 60_000 },
  )
  t.after(() => serve.child.kill('SIGKILL'))
  const base = `${serve.control}api/v1/`
  const proxy: Proxy = {
    child: serve.child,
    traffic,
    show: async (path) => (await fetch(base + path)).json(),
    act: async (body, path = 'actions') => {
      const headers = { 'Content-Type': 'application/json' }
      const response = await fetch(base + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      const answer = await response.json()
      assert.equal(response.status, 200, JSON.stringify(answer))
      return answer
    },
  }
  return { ...proxy, control: `127.0.0.1:${control}`, ports: [traffic, control] }
}

/** A node that answers with its route; `/slow` waits until it is let go. */
async function startShop(t: TestContext, control: string, route: string) {
  const held: ServerResponse[] = []
  const node = await startNode(t, (request, response) => {
    if (request.url === '/slow') held.push(response)
    else response.end(route)
  })
  const agent = await joinCluster(node.server, { proxies: [control], route, log: false })
  t.after(() => agent.close())
  return { ...node, agent, held }
}

async function answersOf({ traffic }: Proxy, count: number): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const { status, text } = await get(traffic, '/')
    const name = status === 200 ? text : String(status)
    answers.set(name, (answers.get(name) ?? 0) + 1)
  }
  return answers
}

for (const workers of ['0', '2']) {
  test(`a weight and an ejection are in force at once, and after restarts (${workers} workers)`, async (t) => {
    const folder = makeFolder()
    const args = ['--workers', workers, '--state', join(folder, 'state')]
    const proxy = await startProxy(t, args)
    const a = await startShop(t, proxy.control, 'a')
    await startShop(t, proxy.control, 'b')
    const up = async () => (await proxy.show('nodes')).nodes.length === 2
    await until('both have joined', up)
    await proxy.act({ action: 'weight', node: 'a', weight: 25 })
    const shareOfA = ((await answersOf(proxy, 400)).get('a') ?? 0) / 400
    assert.ok(shareOfA > 0.14 && shareOfA < 0.26, `${shareOfA} of a quarter to 100`)

    await a.agent.close()
    const again = await startShop(t, proxy.control, 'a')
    await until('a is back', up)
    assert.equal((await proxy.show('nodes/a')).weight, 25)
    await proxy.act({ action: 'eject', node: 'b' })
    assert.deepEqual([...(await answersOf(proxy, 20)).keys()], ['a'])

    proxy.child.kill('SIGKILL')
    const next = await startProxy(t, args, proxy.ports)
    assert.deepEqual([...(await answersOf(next, 20)).keys()], ['a'])
    const b = await next.show('nodes/b')
    assert.deepEqual([b.ejected, b.weight], [true, 100])
    await next.act({ action: 'readmit', node: 'b' })
    const share = ((await answersOf(next, 400)).get('a') ?? 0) / 400
    assert.ok(share > 0.14 && share < 0.26, `${share} of a quarter to 100`)
    await again.agent.close()
  })

  test(`a drain ends without a failed request, and its undo brings the node back (${workers} workers)`, async (t) => {
    const proxy = await startProxy(t, ['--workers', workers])
    const a = await startShop(t, proxy.control, 'a')
    await startShop(t, proxy.control, 'b')
    await until('both have joined', async () => (await proxy.show('nodes')).nodes.length === 2)
    await proxy.act({ action: 'disable', node: 'b' })
    const slow = get(proxy.traffic, '/slow')
    await until('a request is held', () => a.held.length === 1)
    await proxy.act({}, 'actions/1/undo')
    const { id, drain } = await proxy.act({ action: 'drain', node: 'a', withinMs: 300 })
    assert.equal(drain.nodes[0].route, 'a')
    const now = async () => (await proxy.show(`actions/${id}`)).drain
    await until('a is stopped', async () => (await now()).state === 'requests')
    assert.equal((await now()).nodes[0].inFlight, 1)
    assert.deepEqual([...(await answersOf(proxy, 20)).entries()], [['b', 20]])
    a.held[0]?.end('late')
    assert.equal((await slow).text, 'late')
    await until('the drain has ended', async () => (await now()).state === 'done')
    const { events } = await proxy.show('events')
    assert.ok(events.some(({ message }: Answer) => message === 'drain ended'))
    await proxy.act({}, `actions/${id}/undo`)
    await proxy.act({ action: 'stop', node: 'b' })
    assert.deepEqual([...(await answersOf(proxy, 20)).entries()], [['a', 20]])
  })
}
