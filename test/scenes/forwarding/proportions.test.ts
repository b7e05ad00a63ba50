// What nodes say by MCMP and what follows for requests: shares by load factor, broken and standby nodes,
// and the life of a context. The messages are written by hand, the nodes are plain servers.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Message, messageTarget, writeBody } from '../../../src/mcmp.ts'
import { sendMessage } from '../../support/control-client.ts'
import { type Answer, get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'

test('with mod_cluster, 7,000 requests are shared 4 : 2 : 1 by nodes at 100, 50 and 25, and a fourth node is not flooded', async (t) => {
  const cluster = await Cluster.start(t, { TOPSPIN_CANDIDACY: 'mod_cluster' })
  await cluster.add('a', 100)
  await cluster.add('b', 50)
  await cluster.add('c', 25)
  // Longer than the 5 s after which the proxy begins to count anew.
  const three = await cluster.traffic(7_000, '/', 1_200)
  const counts = [...'abc'].map((route) => three.filter((by) => by === route).length)
  t.diagnostic(`a, b, c got ${counts.join(', ')} of 7,000`)
  for (const [index, expected] of [4_000, 2_000, 1_000].entries()) {
    const off = Math.abs((counts[index] ?? 0) - expected) / expected
    assert.ok(off <= 0.02, `${counts}: ${(off * 100).toFixed(1)} % off`)
  }
  await cluster.add('d', 100)
  const four = await cluster.traffic(2_200)
  // 100 of 275 is its part, from the first request on.
  const parts: number[] = []
  for (let at = 0; at < four.length; at += 110) {
    parts.push(four.slice(at, at + 110).filter((by) => by === 'd').length)
  }
  t.diagnostic(`the fourth got, of every 110 requests: ${parts.join(' ')}; 40 are its part`)
  for (const part of parts) assert.ok(part >= 32 && part <= 48, parts.join(' '))
})

test('a node at -1 gets nothing new but keeps its sessions, one at 0 serves when no other can', async (t) => {
  const cluster = await Cluster.start(t)
  await cluster.add('a', 100)
  await cluster.add('broken', -1)
  await cluster.add('standby', 0)
  assert.deepEqual(new Set(await cluster.traffic(50)), new Set(['a']))
  assert.equal((await cluster.visit('/', 'broken')).text, 'broken')
  assert.equal((await cluster.visit('/', 'standby')).text, 'standby')
  await cluster.stop('a')
  assert.deepEqual(new Set(await cluster.traffic(20)), new Set(['standby']))
  await cluster.send({ method: 'STATUS', route: 'standby', load: -1 })
  assertUnavailable(await cluster.visit('/'))
  await cluster.send({ method: 'STATUS', route: 'broken', load: 60 })
  assert.deepEqual(new Set(await cluster.traffic(20)), new Set(['broken']))
})

test('a node without a report serves only when no other node can', async (t) => {
  const cluster = await Cluster.start(t)
  await cluster.add('silent', undefined)
  assert.deepEqual(new Set(await cluster.traffic(10)), new Set(['silent']))
  await cluster.add('a', 1)
  assert.deepEqual(new Set(await cluster.traffic(10)), new Set(['a']))
})

test('DISABLE keeps existing sessions and sends no new ones', async (t) => {
  const cluster = await Cluster.start(t)
  await cluster.add('a', 100)
  await cluster.add('b', 100)
  await cluster.app('DISABLE-APP', 'a')
  assert.deepEqual(new Set(await cluster.traffic(40)), new Set(['b']))
  for (let i = 0; i < 10; i++) assert.equal((await cluster.visit('/', 'a')).text, 'a')
  await cluster.app('DISABLE-APP', 'b')
  assertUnavailable(await cluster.visit('/'))
  assert.equal((await cluster.visit('/', 'b')).text, 'b')
  await cluster.app('ENABLE-APP', 'a')
  assert.deepEqual(new Set(await cluster.traffic(20)), new Set(['a']))
})

test('STOP sends no request at all: 503 with Retry-After when no other node serves the context', async (t) => {
  const cluster = await Cluster.start(t)
  await cluster.add('a', 100)
  await cluster.add('b', 100)
  await cluster.app('STOP-APP', 'a')
  // The session of a goes to b.
  assert.equal((await cluster.visit('/', 'a')).text, 'b')
  await cluster.app('STOP-APP', 'b')
  assertUnavailable(await cluster.visit('/'))
  assertUnavailable(await cluster.visit('/', 'a'))
  await cluster.app('ENABLE-APP', 'a')
  assert.equal((await cluster.visit('/', 'b')).text, 'a')
})

test('a path that no node has registered is 404, and contexts end at a slash', async (t) => {
  const cluster = await Cluster.start(t)
  assert.equal((await cluster.visit('/')).status, 404)
  await cluster.add('a', 100, '/shop')
  await cluster.add('b', 100, '/shop/admin')
  for (const path of ['/', '/shopping', '/sho', '/other/shop']) {
    assert.equal((await cluster.visit(path)).status, 404, path)
  }
  for (const path of ['/shop', '/shop/', '/shop?x', '/shop/administration', '/shop/x/admin']) {
    assert.equal((await cluster.visit(path)).text, 'a', path)
  }
  for (const path of ['/shop/admin', '/shop/admin/users']) {
    assert.equal((await cluster.visit(path)).text, 'b', path)
  }
})

test('REMOVE-APP removes one context or the whole node', async (t) => {
  const cluster = await Cluster.start(t)
  await cluster.add('a', 100, '/shop')
  await cluster.app('ENABLE-APP', 'a', '/api')
  await cluster.add('b', 100, '/api')
  await cluster.app('REMOVE-APP', 'a', '/shop')
  assert.equal((await cluster.visit('/shop')).status, 404)
  assert.deepEqual(new Set(await cluster.traffic(20, '/api')), new Set(['a', 'b']))
  await cluster.stop('a', 'REMOVE-APP')
  assert.deepEqual(new Set(await cluster.traffic(20, '/api')), new Set(['b']))
  assert.equal((await cluster.visit('/api', 'a')).text, 'b')
  await cluster.stop('b', 'REMOVE-APP')
  assert.equal((await cluster.visit('/api')).status, 404)
})

function assertUnavailable(answer: Answer): void {
  assert.equal(answer.status, 503, answer.text)
  assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
}

/** A proxy, and nodes that answer with their route. */
class Cluster {
  readonly #t: TestContext
  readonly #traffic: number
  readonly #control: number

  private constructor(t: TestContext, traffic: string, control: string) {
    this.#t = t
    this.#traffic = Number(new URL(traffic).port)
    this.#control = Number(new URL(control).port)
  }

  static async start(t: TestContext, env: Record<string, string> = {}): Promise<Cluster> {
    const proxy = await startServe([], env, { deadlineMs: 60_000 })
    t.after(() => proxy.child.kill('SIGKILL'))
    return new Cluster(t, proxy.traffic, proxy.control)
  }

  async send(message: Message): Promise<void> {
    const target = messageTarget(message)
    const reply = await sendMessage(this.#control, message.method, writeBody(message), target)
    assert.match(reply.status, / 200 /, JSON.stringify([...reply.fields]))
  }

  /** CONFIG, ENABLE-APP, and a STATUS where there is a load. */
  async add(route: string, load: number | undefined, path = '/'): Promise<void> {
    const { port } = await startNode(this.#t, (_, response) => response.end(route))
    const node = { route, host: '127.0.0.1', port, type: 'http', stickySessionForce: false }
    await this.send({ method: 'CONFIG', ...node, aliases: [], contexts: [] })
    await this.app('ENABLE-APP', route, path)
    if (load !== undefined) await this.send({ method: 'STATUS', route, load })
  }

  app(
    method: 'ENABLE-APP' | 'DISABLE-APP' | 'STOP-APP' | 'REMOVE-APP',
    route: string,
    path = '/',
  ): Promise<void> {
    return this.send({ method, wildcard: false, route, aliases: ['localhost'], contexts: [path] })
  }

  /** The whole node. */
  stop(route: string, method: 'STOP-APP' | 'REMOVE-APP' = 'STOP-APP'): Promise<void> {
    return this.send({ method, wildcard: true, route, aliases: [], contexts: [] })
  }

  /** One request, with a session of this route if one is named. */
  visit(path: string, session = ''): Promise<Answer> {
    const cookie = session === '' ? {} : { cookie: `JSESSIONID=x1.${session}` }
    return get(this.#traffic, path, { connection: 'close', ...cookie })
  }

  /** The routes that answered, in order; every answer must be a good one. At most `rate` requests a second. */
  async traffic(count: number, path = '/', rate = Number.POSITIVE_INFINITY): Promise<string[]> {
    const agent = new Agent({ keepAlive: true })
    const routes: string[] = []
    const start = performance.now()
    let sent = 0
    const client = async (): Promise<void> => {
      while (sent < count) {
        const early = (sent++ * 1_000) / rate - (performance.now() - start)
        if (early > 0) await pause(early)
        const { status, text } = await get(this.#traffic, path, {}, agent)
        assert.equal(status, 200, text)
        routes.push(text)
      }
    }
    await Promise.all(Array.from({ length: 8 }, client))
    agent.destroy()
    return routes
  }
}
