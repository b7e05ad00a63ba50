import assert from 'node:assert/strict'
import { type RequestListener, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { readLoadReport } from '../../support/load-report.ts'
import { get, type NodeServer, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

async function joined(t: TestContext, handler?: RequestListener): Promise<NodeServer> {
  const fake = await FakeHttpd.start(t)
  const node = await startNode(t, handler)
  const agent = await joinCluster(node.server, {
    proxies: [fake.address],
    drain: { strategy: 'none' },
  })
  t.after(() => agent.close())
  return node
}

async function reportOf(port: number, path?: string): Promise<ReadonlyMap<string, number>> {
  return readLoadReport((await get(port, path)).headers['endpoint-load-metrics'])
}

const inFlightOf = (report: ReadonlyMap<string, number> | undefined): number | undefined =>
  report?.get('named_metrics.in_flight')

test('every response has the number of other requests in flight at that moment', async (t) => {
  const node = await joined(t)
  assert.equal(inFlightOf(await reportOf(node.port)), 0)
  const slow = [reportOf(node.port, '/slow'), reportOf(node.port, '/slow')]
  await until('both are waiting', () => node.slow.length === 2)
  assert.equal(inFlightOf(await reportOf(node.port)), 2)
  node.slow[0]?.end()
  assert.equal(inFlightOf(await slow[0]), 1)
  node.slow[1]?.end()
  assert.equal(inFlightOf(await slow[1]), 0)
})

test('figures follow the traffic', async (t) => {
  const node = await joined(t, (_request, response) => {
    const end = performance.now() + 5
    while (performance.now() < end);
    response.end()
  })
  const start = performance.now()
  let report: ReadonlyMap<string, number> = new Map()
  while (performance.now() - start < 400) report = await reportOf(node.port)
  const figure = (name: string): number => report.get(name) ?? 0
  assert.ok(figure('named_metrics.delay') >= 4, `delay ${figure('named_metrics.delay')}`)
  assert.ok(figure('rps_fractional') > 5, `rps ${figure('rps_fractional')}`)
  const use = figure('application_utilization')
  assert.ok(use > 0.1 && use <= 1, `use ${use}`)
})

test('headers of the application are sent unchanged, in every form', async (t) => {
  const forms: Record<string, (response: ServerResponse) => void> = {
    '/none': (response) => response.writeHead(201),
    '/object': (response) => response.writeHead(201, { 'X-A': '1', 'Set-Cookie': ['a=1', 'b=2'] }),
    '/reason': (response) => response.writeHead(201, 'Fine', { 'X-A': '1' }),
    '/flat': (response) =>
      response.writeHead(201, ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']),
    '/set': (response) => {
      response.setHeader('X-A', '1')
      response.statusCode = 201
    },
    '/tuples': (response) => response.writeHead(201, [['X-A', '1']] as never),
  }
  const node = await joined(t, (request, response) => {
    forms[request.url ?? '']?.(response)
    response.end()
  })
  for (const path of Object.keys(forms)) {
    const { status, headers } = await get(node.port, path)
    assert.equal(status, 201, path)
    assert.ok(readLoadReport(headers['endpoint-load-metrics']).size > 0, path)
    if (path !== '/none') assert.equal(headers['x-a'], '1', path)
    if (path === '/object' || path === '/flat') {
      assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'], path)
    }
  }
})

test('an application that wraps writeHead itself, and one that swaps prototypes, still work', async (t) => {
  class Special extends ServerResponse {}
  const node = await joined(t, (request, response) => {
    if (request.url === '/proto') Object.setPrototypeOf(response, Object.create(Special.prototype))
    const below = response.writeHead
    response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      this.setHeader('x-wrapped', '1')
      return Reflect.apply(below, this, args)
    } as ServerResponse['writeHead']
    response.end('ok')
  })
  for (const path of ['/plain', '/proto']) {
    const { headers } = await get(node.port, path)
    assert.equal(headers['x-wrapped'], '1')
    assert.ok(headers['endpoint-load-metrics'])
  }
})

test('the keep-alive timeout of the server is longer than that of proxies, and a longer one stays', async (t) => {
  const node = await joined(t)
  assert.ok(node.server.keepAliveTimeout >= 75_000)
  assert.ok(node.server.headersTimeout > node.server.keepAliveTimeout)
  assert.ok(node.server.requestTimeout >= node.server.headersTimeout)
})
