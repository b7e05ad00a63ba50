// `topspin serve --workers 2`: two processes serve the traffic, one has the registry, and for clients and nodes they are
// one proxy, even when one of them ends.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { workerLimits } from '../../../src/base/limits.ts'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'
import {
  Client,
  childrenOf,
  clientsOfAll,
  isAlive,
  startWorkers,
  type Workers,
} from '../../support/workers.ts'

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc to see processes'

async function named(t: TestContext, name: string): Promise<number> {
  const { port } = await startNode(t, (request, response) => {
    if (request.url === '/') response.end(name)
    else setTimeout(() => response.end(name), Number(request.url?.slice(1)))
  })
  return port
}

const pids = async (serve: Workers): Promise<number[]> =>
  (await serve.workers()).map(({ pid }) => Number(pid))

test('both workers serve, their numbers are summed, the primary serves no traffic', {
  skip,
}, async (t) => {
  const serve = await startWorkers(t, 2)
  await serve.register('a', await named(t, 'a'), 100)
  const clients = await clientsOfAll(t, serve)
  const before = (await serve.node('a')).elected
  for (const client of clients) for (let i = 0; i < 5; i += 1) await client.get()
  const node = await serve.node('a')
  assert.equal(node.elected - before, clients.length * 5)
  assert.equal(node.inFlight, 0)
  const workers = await serve.workers()
  assert.equal(workers.length, 2)
  assert.equal(
    workers.reduce((sum, worker) => sum + worker.requests, 0),
    node.elected,
  )
  const info = await sendMessage(serve.controlPort, 'INFO')
  assert.ok(info.body.includes(`Elected: ${node.elected}`), info.body)
  const metrics = await (await fetch(`${serve.control}metrics`)).text()
  assert.ok(
    metrics.includes(`topspin_node_requests_total{node="a",balancer="mycluster"} ${node.elected}`),
    metrics,
  )
  assert.deepEqual(childrenOf(Number(serve.child.pid)).sort(), (await pids(serve)).sort())
})

test('shares follow the load factors and sessions stay, over both workers', { skip }, async (t) => {
  const serve = await startWorkers(t, 2, { TOPSPIN_CANDIDACY: 'mod_cluster' })
  const loads = { a: 100, b: 50, c: 25 }
  for (const [route, load] of Object.entries(loads))
    await serve.register(route, await named(t, route), load)
  const clients = await clientsOfAll(t, serve, 40)
  const before = (await serve.status()).nodes.map(({ elected }) => elected)
  const each = Math.ceil(7_000 / clients.length)
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < each; i += 1) await client.get()
    }),
  )
  const counts = (await serve.status()).nodes.map(({ elected }, at) => elected - (before[at] ?? 0))
  const all = each * clients.length
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    all,
  )
  for (const [at, load] of Object.values(loads).entries()) {
    const [share, due] = [(counts[at] ?? 0) / all, load / 175]
    assert.ok(Math.abs(share - due) < 0.02, `${JSON.stringify(counts)}: ${share} instead of ${due}`)
  }
  const strays: string[] = []
  await Promise.all(
    clients.map(async (client, at) => {
      const route = ['a', 'b', 'c'][at % 3] ?? ''
      for (let i = 0; i < 20; i += 1) {
        const from = await client.get('/', `JSESSIONID=x${at}.${route}`)
        if (from !== route) strays.push(`${route} went to ${from}`)
      }
    }),
  )
  assert.deepEqual(strays, [])
})

for (const count of [1, 2]) {
  test(`one of ${count} killed: its connections end, no others, and it is replaced within a second`, {
    skip,
  }, async (t) => {
    const serve = await startWorkers(t, count)
    await serve.register('a', await named(t, 'a'), 100)
    const clients = await clientsOfAll(t, serve, 8)
    const slow = clients.map((client) =>
      client.get('/400').then(
        () => 'answered',
        () => 'cut',
      ),
    )
    await until('all wait', async () => (await serve.node('a')).inFlight === clients.length)
    const [victim] = await serve.workers()
    const killedAt = Date.now()
    process.kill(Number(victim?.pid), 'SIGKILL')
    const outcomes = await Promise.all(slow)
    assert.equal(outcomes.filter((outcome) => outcome === 'cut').length, victim?.connections)
    await until('it is replaced', () => serve.printed.stdout.includes('worker replaced'))
    const line = serve.printed.stdout.split('\n').find((text) => text.includes('worker replaced'))
    const tookMs = Date.parse(JSON.parse(line ?? '{}').time) - killedAt
    t.diagnostic(`replaced ${tookMs} ms after SIGKILL`)
    assert.ok(tookMs < 1_000, `${tookMs} ms`)
    assert.equal((await serve.workers())[0]?.restarts, 1)
    assert.equal((await serve.node('a')).inFlight, 0, 'what the dead had in flight is over')
    const { elected } = await serve.node('a')
    const [anew] = await clientsOfAll(t, serve)
    assert.equal(await anew?.get(), 'a', 'at the same port, with the whole cluster')
    assert.ok((await serve.node('a')).elected > elected, 'counts go on from where they were')
  })
}

test('STOP-APP counts the requests in flight of all workers', { skip }, async (t) => {
  const serve = await startWorkers(t, 2)
  const held = await startNode(t)
  await serve.register('a', held.port, 100)
  const clients = await clientsOfAll(t, serve)
  const slow = clients.map((client) => client.get('/slow'))
  await until('all have arrived', () => held.slow.length === clients.length)
  const stop = async (): Promise<string> =>
    (await sendMessage(serve.controlPort, 'STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/')).body
  assert.match(await stop(), new RegExp(`Requests=${clients.length}\n`))
  held.slow.pop()?.end('done')
  await Promise.race(slow)
  assert.match(await stop(), new RegExp(`Requests=${clients.length - 1}\n`))
  for (const response of held.slow) response.end('done')
  await Promise.all(slow)
  assert.match(await stop(), /Requests=0\n/)
  const refused = await Promise.allSettled(clients.map((client) => client.get()))
  assert.ok(
    refused.every(({ status }) => status === 'rejected'),
    'stopped in every worker',
  )
})

test('a node that is down gets no requests from any worker, and from all when it is up again', {
  skip,
}, async (t) => {
  const serve = await startWorkers(t, 2)
  const stays = await named(t, 'stays')
  const listener = (_: unknown, response: { end(text: string): void }): void =>
    response.end('falls')
  let falling: Server = createServer(listener).listen(0, '127.0.0.1')
  await until('it listens', () => falling.listening)
  const { port } = falling.address() as AddressInfo
  await serve.register('falls', port, 100)
  await serve.register('stays', stays, 100)
  const clients = await clientsOfAll(t, serve)
  falling.closeAllConnections()
  falling.close()
  const client = clients[0] as Client
  await until('a request has met it', async () => {
    assert.equal(await client.get(), 'stays')
    return (await serve.node('falls')).health === 'down'
  })
  const { failures } = await serve.node('falls')
  for (const each of clients) for (let i = 0; i < 4; i += 1) assert.equal(await each.get(), 'stays')
  const after = await serve.node('falls')
  assert.equal(after.failures, failures, 'no other worker had to find out')

  falling = createServer(listener).listen(port, '127.0.0.1')
  t.after(() => {
    falling.closeAllConnections()
    falling.close()
  })
  await until('it is up again', async () => (await serve.node('falls')).health === 'up')
  for (const each of clients) {
    const answers = new Set<string>()
    await until('both serve this client', async () => {
      answers.add(await each.get())
      return answers.size === 2
    })
  }
})

test('a suspended worker delays one reply for about a second, and no report of a load factor', {
  skip,
}, async (t) => {
  const serve = await startWorkers(t, 2)
  await serve.register('a', await named(t, 'a'), 100)
  const [hangs = 0] = await pids(serve)
  process.kill(hangs, 'SIGSTOP')
  t.after(() => isAlive(hangs) && process.kill(hangs, 'SIGKILL'))
  const timeOf = async (method: string, body: string): Promise<number> => {
    const began = performance.now()
    assert.match((await sendMessage(serve.controlPort, method, body)).status, /200/)
    return performance.now() - began
  }
  const ofReport = await timeOf('STATUS', 'JVMRoute=a&Load=50')
  assert.ok(ofReport < 900, `${ofReport}`)
  const times: number[] = []
  for (const method of ['DISABLE-APP', 'ENABLE-APP', 'DISABLE-APP'])
    times.push(await timeOf(method, 'JVMRoute=a&Alias=localhost&Context=/'))
  await timeOf('ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  t.diagnostic(`replies took ${times.map(Math.round)} ms`)
  assert.ok((times[0] ?? 0) > 900 && (times[0] ?? 0) < 2_500, String(times))
  assert.ok((times[1] ?? 0) < 900 && (times[2] ?? 0) < 900, String(times))
  await serve.sees(/worker is slow/)
  process.kill(hangs, 'SIGCONT')
  await clientsOfAll(t, serve)
})

test('a worker that was suspended during many changes puts all of them in force, and is not replaced', {
  skip,
}, async (t) => {
  const serve = await startWorkers(t, 2)
  await serve.register('a', await named(t, 'a'), 100)
  const [hangs = 0] = await pids(serve)
  process.kill(hangs, 'SIGSTOP')
  t.after(() => isAlive(hangs) && process.kill(hangs, 'SIGKILL'))
  for (let i = 0; i < 1_500; i += 1) await serve.status()
  await serve.register('b', await named(t, 'b'), 100)
  assert.match(
    (await sendMessage(serve.controlPort, 'DISABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/'))
      .status,
    /200/,
  )
  process.kill(hangs, 'SIGCONT')
  await until('its orders are in force', async () => {
    const began = performance.now()
    await serve.status()
    return performance.now() - began < 100
  })
  for (const client of await clientsOfAll(t, serve)) assert.equal(await client.get(), 'b')
  assert.deepEqual(
    (await serve.workers()).map(({ restarts }) => restarts),
    [0, 0],
  )
})

test('a worker that does not answer for too long is replaced', { skip }, async (t) => {
  const serve = await startWorkers(t, 2, {}, { deadlineMs: 60_000 })
  const [hangs = 0] = await pids(serve)
  process.kill(hangs, 'SIGSTOP')
  t.after(() => isAlive(hangs) && process.kill(hangs, 'SIGKILL'))
  await serve.status()
  const replaced = (): boolean => serve.printed.stdout.includes('worker replaced')
  await until('it is replaced', replaced, (workerLimits.unansweredMax + 10) * 1_000)
  await serve.sees(/worker does not answer: killed/)
  assert.equal(isAlive(hangs), false)
})

test('after SIGTERM the requests of all workers end, then all processes', { skip }, async (t) => {
  const serve = await startWorkers(t, 2)
  await serve.register('a', await named(t, 'a'), 100)
  const clients = await clientsOfAll(t, serve)
  const workers = await pids(serve)
  const slow = clients.map((client) => client.get('/500'))
  await until('all wait', async () => (await serve.node('a')).inFlight === clients.length)
  serve.child.kill('SIGTERM')
  assert.deepEqual(new Set(await Promise.all(slow)), new Set(['a']))
  assert.equal((await serve.ended).code, 0)
  assert.deepEqual(workers.filter(isAlive), [])
})

test('requests are cut at the drain deadline, and by a second signal at once', {
  skip,
}, async (t) => {
  for (const [drain, again] of [
    ['300ms', false],
    ['20s', true],
  ] as const) {
    const serve = await startWorkers(t, 2, { TOPSPIN_TIMEOUTS_DRAIN: drain })
    const { port } = await startNode(t)
    await serve.register('a', port, 100)
    const slow = new Client(t, serve.trafficPort).get('/slow').catch(() => 'cut')
    await until('it waits', async () => (await serve.node('a')).inFlight === 1)
    const workers = await pids(serve)
    const began = performance.now()
    serve.child.kill('SIGTERM')
    if (again) setTimeout(() => serve.child.kill('SIGTERM'), 700)
    assert.equal(await slow, 'cut')
    assert.equal((await serve.ended).code, 0)
    assert.ok(performance.now() - began < 4_000)
    assert.deepEqual(workers.filter(isAlive), [])
  }
})

for (const state of ['quiet', 'busy', 'suspended', 'starting'] as const) {
  test(`no worker outlives the primary: ${state}`, { skip }, async (t) => {
    const serve = await startWorkers(t, 2, { TOPSPIN_ACCESS_LOG: 'stdout' })
    const primary = Number(serve.child.pid)
    await serve.register('a', await named(t, 'a'), 100)
    const workers = await pids(serve)
    t.after(() => {
      for (const pid of workers) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    assert.deepEqual(workers.filter(isAlive), workers)
    if (state === 'busy' || state === 'suspended') {
      if (state === 'suspended') serve.child.kill('SIGSTOP')
      // Fills the channel to the primary: each line of the access log has 7 KB.
      const clients = Array.from({ length: 8 }, () => new Client(t, serve.trafficPort))
      const target = `/${'0'.repeat(7_000)}`
      await Promise.all(
        clients.map(async (client) => {
          for (let i = 0; i < 100; i += 1) await client.get(target)
        }),
      )
    }
    if (state === 'starting') {
      process.kill(workers[0] as number, 'SIGKILL')
      await until('another one starts', () =>
        childrenOf(primary).some((pid) => !workers.includes(pid)),
      )
      workers.push(...childrenOf(primary))
    }
    serve.child.kill('SIGKILL')
    await until('all have ended', () => !workers.some(isAlive), 5_000)
  })
}

test('clients wait while no worker is left, and none is refused', { skip }, async (t) => {
  const serve = await startWorkers(t, 1)
  await serve.register('a', await named(t, 'a'), 100)
  const answers: string[] = []
  let isOver = false
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const client = new Client(t, serve.trafficPort)
      answers.push(await client.get().catch((error: Error & { code?: string }) => `${error.code}`))
    }
  })
  for (let deaths = 1; deaths <= 2; deaths += 1) {
    const [pid = 0] = await pids(serve)
    process.kill(pid, 'SIGKILL')
    await until('it is replaced', async () => (await serve.workers())[0]?.restarts === deaths)
    await until('it serves', async () => ((await serve.workers())[0]?.requests ?? 0) > 0)
  }
  isOver = true
  await Promise.all(clients)
  const failed = answers.filter((answer) => answer !== 'a')
  assert.deepEqual(
    failed.filter((code) => code !== 'ECONNRESET'),
    [],
  )
  assert.ok(failed.length <= 8, `only what was in flight is cut: ${failed.length}`)
})

test('SIGTERM to the whole process group drains as one to the primary does', {
  skip,
}, async (t) => {
  const serve = await startWorkers(t, 2, {}, { isGroup: true })
  await serve.register('a', await named(t, 'a'), 100)
  const slow = new Client(t, serve.trafficPort).get('/500')
  await until('it waits', async () => (await serve.node('a')).inFlight === 1)
  process.kill(-Number(serve.child.pid), 'SIGTERM')
  assert.equal(await slow, 'a')
  assert.equal((await serve.ended).code, 0)
})

for (const target of ['file', 'stdout']) {
  test(`the access log of both workers has whole lines on ${target}`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const log = target === 'stdout' ? 'stdout' : join(folder, 'access.log')
    const serve = await startWorkers(t, 2, { TOPSPIN_ACCESS_LOG: log })
    await serve.register('a', await named(t, 'a'), 100)
    const clients = await clientsOfAll(t, serve)
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 100; i += 1) await client.get()
      }),
    )
    const { elected } = await serve.node('a')
    serve.child.kill('SIGTERM')
    const { stdout } = await serve.ended
    const text = target === 'stdout' ? stdout : readFileSync(log, 'utf8')
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.equal(lines.filter((line) => line['target'] === '/').length, elected)
  })
}

test('the counts of all workers are summed, including those of a worker that ended', async (t) => {
  const node = await startNode(t)
  const serve = await startWorkers(t, 2)
  await serve.register('a', node.port, 100)
  const clients = await clientsOfAll(t, serve)
  const refused = await fetch(`${serve.control.replace(/:\d+/, `:${serve.trafficPort}`)}`, {
    method: 'OPTIONS',
    headers: { 'max-forwards': '0' },
  })
  assert.equal(refused.status, 200)
  const asked = clients.length + 1
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${serve.control}metrics`)).text()
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  }
  assert.equal(await metric('topspin_requests_total'), asked)
  assert.equal(await metric('topspin_refused_total\\{status="200"\\}'), 1)
  const [victim] = await serve.workers()
  process.kill(victim!.pid as number, 'SIGKILL')
  await until('it is replaced', async () => {
    const [present] = await serve.workers()
    return present!.pid !== null && present!.pid !== victim!.pid
  })
  assert.equal(await metric('topspin_requests_total'), asked)
  assert.equal((await serve.status()).traffic.requests, asked)
})
