// Fixed nodes of a running proxy: when they are up, backups, weights, limits with queues, and timeouts of their own.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../../src/control/status-report.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Proxy {
  readonly traffic: number
  readonly control: string
  readonly printed: () => string
  readonly node: (route: string) => Promise<NodeReport>
  /** Puts another configuration in force. */
  readonly reload: (config: object) => Promise<void>
}

/** @param config as YAML would have it; JSON is YAML. */
async function start(t: TestContext, config: object, workers = '0'): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, JSON.stringify(config))
  const serve = await startServe(
    ['--config', file, '--workers', workers],
    {},
    { deadlineMs: 90_000 },
  )
  t.after(() => {
    serve.child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const nodes = async (): Promise<readonly NodeReport[]> =>
    ((await (await fetch(`${serve.control}api/status`)).json()) as { nodes: NodeReport[] }).nodes
  return {
    traffic: Number(new URL(serve.traffic).port),
    control: serve.control,
    printed: () => serve.printed.stdout,
    node: async (route) =>
      (await nodes()).find((node) => node.route === route) ?? assert.fail(`no node ${route}`),
    async reload(next) {
      const before = serve.printed.stdout.length
      writeFileSync(file, JSON.stringify(next))
      serve.child.kill('SIGHUP')
      await until('it is reloaded', () => serve.printed.stdout.slice(before).includes('reloaded'))
    },
  }
}

const named =
  (name: string): RequestListener =>
  (_, response) =>
    response.end(name)

async function counts(port: number, requests: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  for (let i = 0; i < requests; i++) {
    const { text } = await get(port)
    seen[text] = (seen[text] ?? 0) + 1
  }
  return seen
}

/** Nothing listens at this port (tcpmux); a free one may soon be another program's. */
const deadPort = 1

function listenAt(t: TestContext, port: number, handler: RequestListener): Promise<Server> {
  const server = createServer(handler).listen(port, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return new Promise((resolve) => server.once('listening', () => resolve(server)))
}

for (const workers of ['0', '2']) {
  test(`a node is up after its first check, one that is not there never, --workers ${workers}`, async (t) => {
    const there = await startNode(t, named('there'))
    const proxy = await start(
      t,
      {
        to: [
          { address: there.port, route: 'there' },
          { address: deadPort, route: 'gone' },
          { address: there.port, route: 'unasked', health: 'none', contexts: ['/unasked'] },
        ],
      },
      workers,
    )
    assert.notEqual((await proxy.node('gone')).health, 'up')
    await until('the first checks end', async () => (await proxy.node('there')).health === 'up')
    await until('the node is down', async () => (await proxy.node('gone')).health === 'down')
    assert.equal((await proxy.node('unasked')).health, 'unchecked')
    assert.equal((await get(proxy.traffic, '/unasked')).text, 'there')
    await until('a response shows it', async () => (await proxy.node('unasked')).health === 'up')
    assert.deepEqual(await counts(proxy.traffic, 20), { there: 20 })
  })

  test(`backups serve while all others are down, and only then, --workers ${workers}`, async (t) => {
    const main = await startNode(t, named('main'))
    const backup = await startNode(t, named('backup'))
    const proxy = await start(
      t,
      {
        health: { probe: 'tcp', interval: '200ms' },
        to: [
          { address: main.port, route: 'main' },
          { address: backup.port, route: 'spare', backup: true },
        ],
      },
      workers,
    )
    await until('all are up', async () => (await proxy.node('spare')).health === 'up')
    assert.deepEqual(await counts(proxy.traffic, 20), { main: 20 })
    main.server.closeAllConnections()
    await new Promise((resolve) => main.server.close(resolve))
    assert.deepEqual(await counts(proxy.traffic, 20), { backup: 20 })
    await listenAt(t, main.port, named('main again'))
    await until('the node is back', async () => (await get(proxy.traffic)).text === 'main again')
    assert.deepEqual(await counts(proxy.traffic, 20), { 'main again': 20 })
  })
}

for (const candidacy of ['auto', 'mod_cluster'])
  test(`requests are shared by weight, candidacy: ${candidacy}`, async (t) => {
    const nodes = await Promise.all(['a', 'b'].map((name) => startNode(t, named(name))))
    const [a = 0, b = 0] = nodes.map(({ port }) => port)
    const proxy = await start(t, {
      candidacy,
      to: [
        { address: a, route: 'a', weight: 3 },
        { address: b, route: 'b' },
      ],
    })
    await until('both are up', async () => (await proxy.node('b')).health === 'up')
    const seen = await counts(proxy.traffic, 400)
    assert.ok(Math.abs((seen['a'] ?? 0) - 300) <= 20, JSON.stringify(seen))
  })

for (const workers of ['0', '2']) {
  test(`a node has no more requests at a time than it may, the rest wait in turn, --workers ${workers}`, async (t) => {
    let now = 0
    let most = 0
    const { port } = await startNode(t, (_, response) => {
      now += 1
      most = Math.max(most, now)
      setTimeout(() => {
        now -= 1
        response.end('ok')
      }, 20)
    })
    // Each worker has its part of the queue, and not exactly that part of the clients.
    const queue = { max: 200, timeout: '20s' }
    const proxy = await start(
      t,
      { to: [{ address: port, route: 'a', maxConnections: 4, queue }] },
      workers,
    )
    const answers = await Promise.all(Array.from({ length: 60 }, () => get(proxy.traffic)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.ok(most <= 4, `${most} at a time`)
    const { maxConnections, queued, inFlight } = await proxy.node('a')
    assert.deepEqual([maxConnections, queued, inFlight], [4, 0, 0])
  })
}

test('a node never has more connections than requests that it may have, idle ones included', async (t) => {
  const { port, server } = await startNode(t, (request, response) => {
    if (request.url === '/empty') response.writeHead(204).end()
    else response.end('ok')
  })
  let open = 0
  let most = 0
  server.on('connection', (socket) => {
    open += 1
    most = Math.max(most, open)
    socket.on('close', () => {
      open -= 1
    })
  })
  const proxy = await start(t, {
    health: 'none',
    to: [{ address: port, maxConnections: 2, queue: { max: 100 } }],
  })
  const paths = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? '/empty' : '/'))
  await Promise.all(paths.map((path) => get(proxy.traffic, path)))
  // A connection that the proxy has closed may be counted a moment longer.
  assert.ok(most <= 3, `${most} connections`)
})

test('requests wait at most until their deadline, and no more of them than the queue holds', async (t) => {
  const { port, slow } = await startNode(t)
  const proxy = await start(t, {
    to: [{ address: port, route: 'a', maxConnections: 1, queue: { max: 2, timeout: '600ms' } }],
  })
  const first = get(proxy.traffic, '/slow')
  await until('it is at the node', () => slow.length === 1)
  const began = performance.now()
  const waiting = [get(proxy.traffic, '/1'), get(proxy.traffic, '/2')]
  await until('they wait', async () => (await proxy.node('a')).queued === 2)
  const refused = await get(proxy.traffic, '/3')
  assert.equal(refused.status, 503)
  assert.match(refused.text, /QUEUE_FULL/)
  assert.ok(performance.now() - began < 500)
  for (const { status, text } of await Promise.all(waiting)) {
    assert.equal(status, 503)
    assert.match(text, /QUEUE_TIMEOUT/)
  }
  const waited = performance.now() - began
  assert.ok(waited >= 550 && waited < 1_200, `${waited} ms`)
  slow[0]?.end('late')
  assert.equal((await first).text, 'late')
  assert.equal((await get(proxy.traffic, '/4')).text, 'done')
  assert.equal((await proxy.node('a')).queued, 0)
})

test('a full queue of one node does not hold up requests for others', async (t) => {
  const stuck = await startNode(t)
  const free = await startNode(t, named('free'))
  const limit = { maxConnections: 1, queue: { max: 5, timeout: '30s' } }
  const proxy = await start(t, {
    to: [
      { address: stuck.port, route: 'stuck', contexts: ['/slow'], ...limit },
      { address: free.port, route: 'free', ...limit },
    ],
  })
  const held = Array.from({ length: 6 }, () => get(proxy.traffic, '/slow').catch(() => {}))
  await until('the queue is full', async () => (await proxy.node('stuck')).queued === 5)
  assert.equal((await get(proxy.traffic, '/slow')).status, 503)
  assert.deepEqual(await counts(proxy.traffic, 20), { free: 20 })
  const answering = setInterval(() => {
    for (const response of stuck.slow.splice(0)) response.end('done')
  }, 5)
  t.after(() => clearInterval(answering))
  await Promise.all(held)
})

test('a client that leaves the queue makes room in it', async (t) => {
  const { port, slow } = await startNode(t)
  const proxy = await start(t, {
    to: [{ address: port, route: 'a', maxConnections: 1, queue: { max: 1, timeout: '30s' } }],
  })
  const first = get(proxy.traffic, '/slow')
  await until('it is at the node', () => slow.length === 1)
  const leaving = new AbortController()
  const gone = fetch(`http://127.0.0.1:${proxy.traffic}/gone`, { signal: leaving.signal }).catch(
    () => 'gone',
  )
  await until('it waits', async () => (await proxy.node('a')).queued === 1)
  leaving.abort()
  assert.equal(await gone, 'gone')
  await until('it has left', async () => (await proxy.node('a')).queued === 0)
  const next = get(proxy.traffic, '/next')
  await until('the next one waits', async () => (await proxy.node('a')).queued === 1)
  slow[0]?.end('done')
  assert.equal((await first).text, 'done')
  assert.equal((await next).text, 'done')
})

test('a session waits for its own node, and leaves it once that queue is full', async (t) => {
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) =>
      startNode(t, (request, response) => {
        if (request.url === '/hold') held.push(() => response.end(name))
        else response.end(name)
      }),
    ),
  )
  const held: (() => void)[] = []
  const limit = { maxConnections: 1, queue: { max: 1, timeout: '30s' } }
  const proxy = await start(t, {
    to: [
      { address: a?.port, route: 'a', ...limit },
      { address: b?.port, route: 'b', ...limit },
    ],
  })
  const session = { cookie: 'JSESSIONID=1.a' }
  const first = get(proxy.traffic, '/hold', session)
  await until('it is at the node', () => held.length === 1)
  const second = get(proxy.traffic, '/', session)
  await until('it waits', async () => (await proxy.node('a')).queued === 1)
  assert.equal((await get(proxy.traffic, '/', session)).text, 'b')
  assert.equal((await get(proxy.traffic)).text, 'b')
  held[0]?.()
  assert.deepEqual([(await first).text, (await second).text], ['a', 'a'])
})

test('a request with a body waits as well, and arrives whole', async (t) => {
  const bodies: string[] = []
  const { port, slow } = await startNode(t, (request, response) => {
    if (request.url === '/slow') return void slow.push(response)
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      bodies.push(text)
      response.end('done')
    })
  })
  const proxy = await start(t, { to: [{ address: port, route: 'a', maxConnections: 1 }] })
  const first = get(proxy.traffic, '/slow')
  await until('it is at the node', () => slow.length === 1)
  const body = 'x'.repeat(300_000)
  const posted = fetch(`http://127.0.0.1:${proxy.traffic}/`, { method: 'POST', body })
  await until('it waits', async () => (await proxy.node('a')).queued === 1)
  slow[0]?.end('done')
  await first
  assert.equal((await posted).status, 200)
  assert.deepEqual(bodies, [body])
})

test('explain says that a request would wait, and why a backup gets none', async (t) => {
  const { port, slow } = await startNode(t)
  const proxy = await start(t, {
    to: [
      { address: port, route: 'a', maxConnections: 1 },
      { address: port, route: 'spare', backup: true },
    ],
  })
  await until('all are up', async () => (await proxy.node('spare')).health === 'up')
  const explain = async (): Promise<{ why: string; node: string | null; steps: object[] }> => {
    const url = `${proxy.control}api/v1/explain?url=${encodeURIComponent('http://x/')}`
    return (await (await fetch(url)).json()) as Awaited<ReturnType<typeof explain>>
  }
  const free = await explain()
  assert.equal(free.node, 'a')
  assert.match(JSON.stringify(free.steps), /spare: a backup, and a node is usable that is none/)
  const first = get(proxy.traffic, '/slow')
  await until('it is at the node', () => slow.length === 1)
  const waits = await explain()
  assert.equal(waits.node, null)
  assert.match(waits.why, /waits for a place, at most 5 s/)
  slow[0]?.end('done')
  await first
})

test('a node has its own timeouts', async (t) => {
  const { port, slow } = await startNode(t)
  const proxy = await start(t, {
    to: [{ address: port, route: 'a', timeouts: { responseHead: '200ms' } }],
  })
  const began = performance.now()
  assert.equal((await get(proxy.traffic, '/slow')).status, 504)
  assert.ok(performance.now() - began < 2_000)
  slow[0]?.end()
})

test('contexts and hosts choose among nodes', async (t) => {
  const [shop, api, rest] = await Promise.all(
    ['shop', 'api', 'rest'].map((name) => startNode(t, named(name))),
  )
  const proxy = await start(t, {
    useAlias: true,
    to: [
      { address: shop?.port, aliases: ['shop.test', '*.shop.test'] },
      { address: api?.port, aliases: ['shop.test'], contexts: ['/api'] },
      { address: rest?.port },
    ],
  })
  const ask = async (path: string, host: string): Promise<string> =>
    (await get(proxy.traffic, path, { host })).text
  assert.equal(await ask('/', 'shop.test'), 'shop')
  assert.equal(await ask('/', 'www.shop.test'), 'shop')
  assert.equal(await ask('/api/1', 'shop.test'), 'api')
  assert.equal(await ask('/', 'other.test'), 'rest')
})

test('a reload changes the settings of nodes without a failed request', async (t) => {
  const [a, b] = await Promise.all(['a', 'b'].map((name) => startNode(t, named(name))))
  const to = (first: object, second: object) => ({
    to: [
      { address: a?.port, route: 'a', ...first },
      { address: b?.port, route: 'b', ...second },
    ],
  })
  const proxy = await start(t, to({}, { backup: true }))
  await until('all are up', async () => (await proxy.node('b')).health === 'up')
  assert.deepEqual(await counts(proxy.traffic, 10), { a: 10 })
  await proxy.reload(to({ backup: true }, { weight: 4 }))
  assert.deepEqual(await counts(proxy.traffic, 10), { b: 10 })
  assert.equal((await proxy.node('a')).health, 'up', 'it is not checked anew')
})
