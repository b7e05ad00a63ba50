// When a node's connection dies: what is sent again, what is not, and what the client sees. Each
// request carries a name by which the origins count how often it was executed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, startOrigin } from '../../support/misbehaving-origin.ts'
import { startNode } from '../../support/node-server.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

test('a POST is not sent on a connection that the node has closed while the proxy was busy', async (t) => {
  const node = await startNode(t)
  const { port } = await startProxy(t, [{ port: node.port }])
  const client = await RawClient.connect(t, port)
  assert.equal((await client.ask(post('/', 'first'))).status, 200)
  // Longer than uncheckedIdleMs.
  await new Promise((resolve) => setTimeout(resolve, 400))
  // Both arrive before the proxy, in this process, reads; the request comes first.
  client.send(post('/', 'second'))
  node.server.closeIdleConnections()
  assert.equal((await client.answer())?.status, 200)
})

describe('a connection that closes before the response', () => {
  for (const by of ['fin', 'rst']) {
    test(`an idempotent request is sent once more, to another node (${by})`, async (t) => {
      const a = await startOrigin(t)
      const b = await startOrigin(t)
      const { port, proxy } = await startProxy(t, [{ port: a.port }, { port: b.port }])
      const client = await RawClient.connect(t, port)
      const answer = await client.ask(get(`/die?by=${by}&times=1`, 'X-Id: g'))
      // The second origin counts for itself, so it dies on it as well: two executions and an end to it.
      assert.equal(answer.status, 502)
      assert.deepEqual([a.executions('g'), b.executions('g')], [1, 1])
      assert.equal(proxy.counters.retries, 1)
    })

    test(`a POST is never sent twice (${by})`, async (t) => {
      const a = await startOrigin(t)
      const b = await startOrigin(t)
      const { port } = await startProxy(t, [{ port: a.port }, { port: b.port }])
      const client = await RawClient.connect(t, port)
      const answer = await client.ask(post(`/die?by=${by}`, 'pay', 'X-Id: p'))
      assert.equal(answer.status, 502)
      assert.equal(a.executions('p') + b.executions('p'), 1)
    })
  }

  test('if it was reused, is replaced by a new one to the same node', async (t) => {
    const origin = await startOrigin(t)
    const { port, live } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    await client.ask(get('/echo'))
    const answer = await client.ask(get('/die?times=1', 'X-Id: r'))
    assert.equal(answer.body.toString(), 'survived')
    assert.equal(origin.executions('r'), 2)
    assert.equal(origin.accepted(), 2)
    assert.equal(live(1).health.kind, 'up')
  })

  test('is retried MaxAttempts times at most', async (t) => {
    const origins = await Promise.all([1, 2, 3, 4].map(() => startOrigin(t)))
    const nodes = origins.map(({ port }) => ({ port }))
    const { port } = await startProxy(t, nodes, { balancer: { maxAttempts: 2 } })
    const client = await RawClient.connect(t, port)
    assert.equal((await client.ask(get('/die?times=9', 'X-Id: m'))).status, 502)
    assert.equal(
      origins.reduce((sum, origin) => sum + origin.executions('m'), 0),
      3,
    )
  })

  test('does not count when it was refused: the attempts are left for the other nodes', async (t) => {
    const origins = await Promise.all([1, 2, 3].map(() => startOrigin(t)))
    const nodes = origins.map(({ port }) => ({ port }))
    const { port, live } = await startProxy(t, nodes, {
      balancer: { maxAttempts: 1 },
      // In the order of the list.
      candidacy: ['usable'],
    })
    origins[0]!.close()
    const client = await RawClient.connect(t, port)
    // Refused by the first, dies on both others: those are the attempts that count.
    assert.equal((await client.ask(get('/die?times=9', 'X-Id: n'))).status, 502)
    assert.deepEqual(
      origins.map((origin) => origin.executions('n')),
      [0, 1, 1],
    )
    assert.equal(live(1).health.kind, 'down')
  })

  test('is not retried when the client has the head of the response', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    client.send(
      get(cutAt('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbroken', 44, 'fin'), 'X-Id: c'),
    )
    assert.equal(await client.answer(), undefined)
    assert.equal(origin.executions('c'), 1)
  })
})

describe('a node that refuses connections', () => {
  test('gets no POST: it goes to another node, and the node is marked down', async (t) => {
    const dead = await startOrigin(t)
    const origin = await startOrigin(t)
    const { port, live } = await startProxy(t, [{ port: dead.port }, { port: origin.port }])
    dead.close()
    const client = await RawClient.connect(t, port)
    for (let i = 0; i < 4; i++) {
      assert.equal((await client.ask(post('/echo', 'body', `X-Id: ${i}`))).status, 200)
      assert.equal(origin.executions(`${i}`), 1)
    }
    assert.equal(live(1).health.kind, 'down')
    assert.deepEqual([live(1).inFlight, live(2).inFlight], [0, 0])
  })

  test('does not lose the beginning of a large body, which goes to another node', async (t) => {
    const dead = await startOrigin(t)
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: dead.port }, { port: origin.port }])
    dead.close()
    const client = await RawClient.connect(t, port)
    const body = '0123456789'.repeat(50_000)
    const answer = await client.ask(post('/echo', body))
    assert.equal(answer.body.toString() === body, true)
  })

  test('gives 503 at once when all nodes are down', async (t) => {
    const dead = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: dead.port }])
    dead.close()
    const client = await RawClient.connect(t, port)
    assert.equal((await client.ask(get('/'))).status, 503)
    assert.equal((await client.ask(get('/'))).status, 503)
  })
})

describe('a session', () => {
  async function three(t: import('node:test').TestContext, balancer = {}) {
    const origins = await Promise.all([1, 2, 3].map(() => startOrigin(t)))
    const [a, b, c] = origins
    const nodes = [
      { port: a!.port, domain: 'east' },
      { port: b!.port, domain: 'west' },
      { port: c!.port, domain: 'east' },
    ]
    const running = await startProxy(t, nodes, { balancer })
    return { ...running, origins, client: await RawClient.connect(t, running.port) }
  }
  const hits = (origins: readonly { seen: unknown[] }[]): number[] =>
    origins.map(({ seen }) => seen.length)

  test('stays on its node, by cookie and by path parameter', async (t) => {
    const { client, origins } = await three(t)
    for (let i = 0; i < 3; i++) await client.ask(get('/echo', 'Cookie: x=1; JSESSIONID=abc.n2'))
    for (let i = 0; i < 3; i++) await client.ask(get('/echo;jsessionid=abc.n2?q=;jsessionid=z.n1'))
    assert.deepEqual(hits(origins), [0, 6, 0])
    // n2 is alone in its domain; n1 is not, so here the domain alone would not do.
    for (let i = 0; i < 4; i++) await client.ask(get('/echo', 'Cookie: JSESSIONID=abc.n1'))
    assert.deepEqual(hits(origins), [4, 6, 0])
  })

  for (const [what, ...fields] of [
    ['a second Cookie line', 'Cookie: theme=dark', 'Cookie: JSESSIONID=x.n2'],
    [
      'a second cookie, behind one of a node that is gone',
      'Cookie: JSESSIONID=x.gone; JSESSIONID=x.n2',
    ],
    ['a second cookie, behind one without a route', 'Cookie: JSESSIONID=x; a=b; JSESSIONID=x.n2'],
    [
      'a second line, behind one of a node that is gone',
      'Cookie: JSESSIONID=x.gone',
      'Cookie: JSESSIONID="x.n2"',
    ],
    ['the first of ranked routes', 'Cookie: JSESSIONID=x.n2.n1'],
    ['the first ranked route that is known', 'Cookie: JSESSIONID=x.gone.n2.n1'],
    ['an id with a dot', 'Cookie: JSESSIONID=a.b.n2'],
  ] as const) {
    test(`is recalled from ${what}`, async (t) => {
      const { client, origins } = await three(t)
      for (let i = 0; i < 4; i++) await client.ask(get('/echo', ...fields))
      assert.deepEqual(hits(origins), [0, 4, 0])
    })
  }

  test('is recalled from a path parameter beside the cookie of a node that is gone', async (t) => {
    const { client, origins } = await three(t)
    const target = '/echo;v=1;jsessionid=x.gone/y;jsessionid=x.n2'
    for (let i = 0; i < 4; i++) await client.ask(get(target, 'Cookie: JSESSIONID=x.gone'))
    assert.deepEqual(hits(origins), [0, 4, 0])
  })

  test('is removed completely, however often the id occurs', async (t) => {
    const { client, origins } = await three(t, { stickyRemove: true })
    origins[1]!.close()
    await client.ask(
      get(
        '/echo;jsessionid=x.n2/a;b;jsessionid=y.n2?c=;jsessionid=d',
        'Cookie: a=1; JSESSIONID=x.n2; JSESSIONID=y.n2',
        'Cookie: JSESSIONID=z.n2',
        'Cookie: b=2',
      ),
    )
    const seen = origins.flatMap((origin) => origin.seen)[0]!
    assert.match(seen.line, /^GET \/echo\/a;b\?c=;jsessionid=d /)
    // Lines of Cookie stay lines.
    assert.equal(seen.get('cookie'), 'a=1, b=2')
  })

  test('moves within its domain when its node is gone', async (t) => {
    const { client, origins } = await three(t)
    origins[0]!.close()
    for (let i = 0; i < 3; i++) await client.ask(get('/echo', 'Cookie: JSESSIONID=abc.n1'))
    assert.deepEqual(hits(origins), [0, 0, 3])
  })

  test('with StickySessionForce never leaves its domain', async (t) => {
    const { client, origins } = await three(t, { stickyForce: true })
    origins[1]!.close()
    const first = await client.ask(get('/echo', 'Cookie: JSESSIONID=abc.n2'))
    const second = await client.ask(get('/echo', 'Cookie: JSESSIONID=abc.n2'))
    assert.deepEqual([first.status, second.status], [503, 503])
    assert.deepEqual(hits(origins), [0, 0, 0])
    assert.equal((await client.ask(get('/echo', 'Cookie: JSESSIONID=abc.gone'))).status, 200)
  })

  test('with StickySessionRemove loses its id when it leaves its domain', async (t) => {
    const { client, origins } = await three(t, { stickyRemove: true })
    origins[1]!.close()
    // The first finds the node gone while it is under way, the others know it beforehand.
    for (const target of [
      '/echo;jsessionid=abc.n2',
      '/echo;jsessionid=abc.n2?q',
      '/a;jsessionid=x.n2/b',
    ]) {
      const answer = await client.ask(get(target, 'Cookie: a=1; JSESSIONID=abc.n2; b=2'))
      assert.equal(answer.status, 200)
    }
    const seen = [...origins[0]!.seen, ...origins[2]!.seen]
    assert.deepEqual(seen.map(({ target }) => target).sort(), ['/a/b', '/echo', '/echo?q'])
    for (const request of seen) assert.equal(request.get('cookie'), 'a=1; b=2')
  })
})

test('WaitWorker: a request waits for a usable node until its timeout', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy, live } = await startProxy(t, [{ port: origin.port }], {
    balancer: { waitMs: 400 },
  })
  live(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
  const client = await RawClient.connect(t, port)
  const from = performance.now()
  assert.equal((await client.ask(get('/'))).status, 503)
  assert.ok(performance.now() - from >= 300)
  client.send(request('GET', '/echo'))
  await until('the request waits', () => proxy.counters.requests === 2)
  live(1).health = { kind: 'up' }
  assert.equal((await client.answer())?.status, 200)
})
