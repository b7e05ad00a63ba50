// Every limit of forwarding (httpLimits), reached from outside: what the client sees, and where it is counted.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { httpLimits } from '../../../src/base/limits.ts'
import { openFilesMax } from '../../../src/host/open-files.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const chunked = (body: string): string =>
  request('POST', '/echo', 'Transfer-Encoding: chunked') + body

const refusals: readonly [limit: keyof typeof httpLimits, status: number, over: string][] = [
  ['methodBytesMax', 400, request('M'.repeat(httpLimits.methodBytesMax + 1), '/')],
  ['targetBytesMax', 414, get(`/${'t'.repeat(httpLimits.targetBytesMax)}`)],
  ['fieldBytesMax', 431, get('/', `X-Long: ${'f'.repeat(httpLimits.fieldBytesMax)}`)],
  ['fieldsMax', 431, get('/', ...Array.from({ length: httpLimits.fieldsMax }, () => 'X-One: 1'))],
  [
    'headBytesMax',
    431,
    get(
      '/',
      ...Array.from(
        { length: httpLimits.headBytesMax / 4_000 + 1 },
        () => `X-A: ${'h'.repeat(4_000)}`,
      ),
    ),
  ],
  [
    'chunkExtensionBytesMax',
    400,
    chunked(`1;x=${'e'.repeat(httpLimits.chunkExtensionBytesMax)}\r\nx\r\n0\r\n\r\n`),
  ],
  [
    'trailerBytesMax',
    431,
    chunked(
      `0\r\n${Array.from({ length: 9 }, (_, i) => `X-${i}: ${'t'.repeat(httpLimits.trailerBytesMax / 8)}\r\n`).join('')}\r\n`,
    ),
  ],
]

describe('a request beyond a limit is refused and counted', () => {
  for (const [limit, status, over] of refusals) {
    test(`${limit}: ${status}`, async (t) => {
      const origin = await startOrigin(t)
      const { port, proxy } = await startProxy(t, [{ port: origin.port }])
      const client = await RawClient.connect(t, port)
      assert.equal((await client.ask(over)).status, status)
      assert.equal(proxy.counters.refused.get(status), 1)
    })
  }
})

test('interimMax: more interim responses are a 502', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy } = await startProxy(t, [{ port: origin.port }])
  const interims = (count: number): string =>
    raw(
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(count)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
    )
  const client = await RawClient.connect(t, port)
  assert.equal((await client.ask(get(interims(httpLimits.interimMax)))).status, 200)
  assert.equal((await client.ask(get(interims(httpLimits.interimMax + 1)))).status, 502)
  assert.equal(proxy.counters.refused.get(502), 1)
})

test('pipelinedBytesMax: no more is read of a client that does not wait for responses', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  client.send(get('/slow?pieces=1&ms=1500'))
  await until('the first request is at the node', () => origin.seen.length === 1)
  // Far more than both kernels' buffers hold.
  const many = 1_500
  client.send(get('/echo', `X-A: ${'a'.repeat(8_000)}`, `X-B: ${'b'.repeat(8_000)}`).repeat(many))
  let before = -1
  await until('the client cannot send any more', async () => {
    const left = client.socket.writableLength
    const isStuck = left === before
    before = left
    await new Promise((resolve) => setTimeout(resolve, 100))
    return isStuck
  })
  assert.ok(before > 0, 'something is left with the client')
  assert.equal(origin.seen.length, 1)
  for (let i = 0; i <= many; i++) assert.equal((await client.answer())?.status, 200)
})

describe('replayBytesMax', () => {
  for (const [what, length, status, executions] of [
    ['a request that fits is sent once more', 60_000, 200, 2],
    ['a longer one is not', httpLimits.replayBytesMax - 10, 502, 1],
  ] as const) {
    test(what, async (t) => {
      const origin = await startOrigin(t)
      const { port } = await startProxy(t, [{ port: origin.port }])
      const client = await RawClient.connect(t, port)
      // Behind this one the whole request is there before it begins, and goes to a connection that had waited.
      client.send(get('/slow?pieces=1&ms=300'))
      await until('the first request is at the node', () => origin.seen.length === 1)
      const head = request('PUT', '/die?times=1', 'X-Id: r', 'Content-Length: 123456')
      const body = 'b'.repeat(length - head.length)
      client.send(head.replace('123456', String(body.length).padStart(6, '0')) + body)
      assert.equal((await client.answer())?.status, 200)
      assert.equal((await client.answer())?.status, status)
      assert.equal(origin.executions('r'), executions)
    })
  }
})

const clients = httpLimits.waitingMax + 1
const canOpen = openFilesMax() ?? Number.POSITIVE_INFINITY
const skip = canOpen < 3 * clients ? `needs ${3 * clients} open files` : false
test('waitingMax: one more waiting request is a 503 at once', { skip }, async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy, live } = await startProxy(t, [{ port: origin.port }], {
    balancer: { waitMs: 30_000 },
  })
  live(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
  const all = await Promise.all(Array.from({ length: clients }, () => RawClient.connect(t, port)))
  for (const client of all) client.send(get('/echo'))
  await until('all have asked', () => proxy.counters.requests === clients)
  assert.equal(proxy.counters.refused.get(503), 1)
  live(1).health = { kind: 'up' }
  const statuses = await Promise.all(all.map(async (client) => (await client.answer())?.status))
  assert.equal(statuses.filter((status) => status === 200).length, httpLimits.waitingMax)
})

describe('openFilesReserve and nodeRoomMax', () => {
  test('clients beyond the room in the open files are closed and counted', async (t) => {
    const origin = await startOrigin(t)
    const openFiles = httpLimits.openFilesReserve + 4
    const { port, proxy } = await startProxy(t, [{ port: origin.port }], { openFiles })
    const all = await Promise.all([1, 2, 3].map(() => RawClient.connect(t, port)))
    await until('the third is refused', () => proxy.counters.connectionsRefused === 1)
    assert.equal(proxy.connections, 2)
    await until('one is closed', () => all.some((client) => client.ended || client.closed))
    all[0]!.reset()
    await until('there is room again', () => proxy.connections === 1)
    const next = await RawClient.connect(t, port)
    assert.equal((await next.ask(get('/echo'))).status, 200)
  })

  test('an idle connection to one node is closed to make room for one to another', async (t) => {
    const origins = await Promise.all([1, 2, 3].map(() => startOrigin(t)))
    const nodes = origins.map((origin) => ({ port: origin.port }))
    const openFiles = httpLimits.openFilesReserve + 4
    const { port, proxy } = await startProxy(t, nodes, { openFiles, candidacy: ['mod_cluster'] })
    const client = await RawClient.connect(t, port)
    for (let i = 0; i < 9; i++) assert.equal((await client.ask(get('/echo'))).status, 200)
    const open = (): number => origins.reduce((sum, origin) => sum + origin.open.size, 0)
    await until('two are open', () => open() === 2)
    assert.equal(proxy.counters.shortages, 0)
  })
})

test('a response that is cut is counted', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  client.send(get(cutAt('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbroken', 44, 'fin')))
  assert.equal(await client.answer(), undefined)
  assert.equal(proxy.counters.cut, 1)
  assert.equal((await (await RawClient.connect(t, port)).ask(post('/echo', 'x'))).status, 200)
})

test('retryBudget: a failed request beyond it is a 502 and counted', async (t) => {
  const origin = await startOrigin(t)
  const other = await startOrigin(t)
  const nodes = [{ port: origin.port }, { port: other.port }]
  const { port, proxy } = await startProxy(t, nodes, { retryBudget: 0 })
  const client = await RawClient.connect(t, port)
  assert.equal((await client.ask(get('/die?times=1', 'X-Id: b'))).status, 502)
  assert.equal(origin.executions('b') + other.executions('b'), 1)
  assert.deepEqual([proxy.counters.retries, proxy.counters.retriesRefused], [0, 1])
})
