// The configurations in docs/migrating beside the originals: the same requests have the same outcomes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { absent, startBoth } from '../../support/migrated.ts'
import { startNameServer } from '../../support/name-server.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

/** A server that answers with its name, and may be ill. */
class Origin {
  isIll = false
  now = 0
  most = 0
  /** How long a response to `/slow` takes, ms. */
  slowMs = 20
  forwarded = ''
  readonly name: string
  port = 0
  #server: Server | undefined

  constructor(name: string) {
    this.name = name
  }

  readonly handler: RequestListener = (request, response) => {
    if (request.url === '/health') {
      response.writeHead(this.isIll ? 500 : 200).end()
      return
    }
    this.forwarded = String(request.headers['x-forwarded-for'])
    this.now += 1
    this.most = Math.max(this.most, this.now)
    const ms = request.url?.includes('slow') === true ? this.slowMs : 0
    setTimeout(() => {
      this.now -= 1
      response.end(this.name)
    }, ms)
  }

  async start(t: TestContext, host = '127.0.0.1', port = this.port): Promise<this> {
    const server = createServer(this.handler).listen(port, host)
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    t.after(() => this.stop())
    return this
  }

  stop(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }
}

const at = ({ port }: Origin): string => `127.0.0.1:${port}`

async function counts(
  port: number,
  requests: number,
  path = '/',
  host = 'shop.test',
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  for (let i = 0; i < requests; i++) {
    const { status, text } = await get(port, path, { host })
    const outcome = status === 200 ? text : String(status)
    seen[outcome] = (seen[outcome] ?? 0) + 1
  }
  return seen
}

/** Waits until ten requests in a row go to this server, through both. */
async function untilAll(ports: readonly number[], name: string, path = '/'): Promise<void> {
  for (const port of ports)
    await until(
      `all requests of ${port} go to ${name}`,
      async () => (await counts(port, 10, path))[name] === 10,
      20_000,
    )
}

test('HAProxy: pools, checks, weights, a backup and limits', {
  skip: absent('haproxy'),
}, async (t) => {
  const names = ['shop1', 'shop2', 'spare', 'api1']
  const origins = await Promise.all(names.map((name) => new Origin(name).start(t)))
  const [shop1, shop2, spare, api] = origins as [Origin, Origin, Origin, Origin]
  const { foreign, topspin } = await startBoth(t, 'haproxy', 0, {
    '10.0.0.11:8080': at(shop1),
    '10.0.0.12:8080': at(shop2),
    '10.0.0.19:8080': at(spare),
    '10.0.0.21:9000': at(api),
  })
  const ports = [foreign, topspin]
  for (const port of ports) {
    await until('both serve', async () => (await counts(port, 8))['shop2'] !== undefined)
    const seen = await counts(port, 200)
    assert.ok(
      Math.abs((seen['shop1'] ?? 0) - 150) <= 20,
      `${port === foreign} ${JSON.stringify(seen)}`,
    )
    assert.equal(seen['spare'], undefined)
    assert.equal(shop1.forwarded, '127.0.0.1')
    assert.deepEqual(await counts(port, 3, '/api'), { api1: 3 })
    assert.deepEqual(await counts(port, 3, '/api/x'), { api1: 3 })
    assert.equal((await counts(port, 3, '/apiary'))['api1'], undefined)
    api.most = 0
    const many = Array.from({ length: 30 }, () => get(port, '/api/slow'))
    for (const { status } of await Promise.all(many)) assert.equal(status, 200)
    assert.ok(api.most <= 4, `${api.most} at a time`)
  }
  shop1.isIll = true
  await untilAll(ports, 'shop2')
  shop2.isIll = true
  await untilAll(ports, 'spare')
  shop1.isIll = false
  await untilAll(ports, 'shop1')
})

test('HAProxy: servers behind a name, several hosts, TLS to the servers', {
  skip: absent('haproxy') || noOpenssl,
}, async (t) => {
  const names = await startNameServer(t)
  const first = await new Origin('127.0.0.1').start(t)
  for (const host of ['127.0.0.2', '127.0.0.3']) await new Origin(host).start(t, host, first.port)
  names.addresses.set('app.internal', ['127.0.0.1', '127.0.0.2'])
  const authority = new Authority()
  const blog = createTlsServer(authority.issue({ names: ['blog.internal'] }), (_, response) =>
    response.end('blog'),
  ).listen(0, '127.0.0.1')
  await once(blog, 'listening')
  t.after(() => {
    blog.closeAllConnections()
    blog.close()
  })
  const { foreign, topspin } = await startBoth(t, 'haproxy', 1, {
    '10.0.0.2:53': `127.0.0.1:${names.port}`,
    'app.internal:8080': `app.internal:${first.port}`,
    '10.0.0.31:8443': `127.0.0.1:${(blog.address() as AddressInfo).port}`,
    '/etc/topspin/internal-ca.pem': authority.certFile,
  })
  const hosts = async (port: number): Promise<string> =>
    Object.keys(await counts(port, 20))
      .sort()
      .join(' ')
  for (const port of [foreign, topspin]) {
    const both = '127.0.0.1 127.0.0.2'
    await until('the addresses serve', async () => (await hosts(port)) === both, 20_000)
    assert.deepEqual(await counts(port, 3, '/', 'blog.test'), { blog: 3 })
    assert.deepEqual(await counts(port, 3, '/', 'WWW.blog.test'), { blog: 3 })
  }
  names.addresses.set('app.internal', ['127.0.0.3'])
  for (const port of [topspin, foreign]) {
    let seen = ''
    const isNew = async (): Promise<boolean> => {
      seen = await hosts(port)
      return seen === '127.0.0.3'
    }
    // HAProxy asks its name server at times of its own, once after more than 40 s.
    await until('the new address serves', isNew, 90_000, () => [port === topspin, seen])
  }
  assert.equal(await hosts(topspin), '127.0.0.3')
})

test('nginx: hosts, locations, a backup and a limit', { skip: absent('nginx') }, async (t) => {
  const all = ['shop1', 'shop2', 'spare', 'reports', 'reports2', 'blog']
  const origins = await Promise.all(all.map((name) => new Origin(name).start(t)))
  const [shop1, shop2, spare, reports, reports2, blog] = origins as [
    Origin,
    Origin,
    Origin,
    Origin,
    Origin,
    Origin,
  ]
  const { foreign, topspin } = await startBoth(t, 'nginx', 0, {
    '10.0.0.11:8080': at(shop1),
    '10.0.0.12:8080': at(shop2),
    '10.0.0.19:8080': at(spare),
    '10.0.0.21:9000': at(reports),
    '10.0.0.22:9000': at(reports2),
    '10.0.0.31:8080': at(blog),
  })
  const ports = [foreign, topspin]
  for (const port of ports) {
    await until('both serve', async () => (await counts(port, 8))['shop2'] !== undefined)
    const seen = await counts(port, 150)
    assert.ok(
      Math.abs((seen['shop1'] ?? 0) - 100) <= 15,
      `${port === foreign} ${JSON.stringify(seen)}`,
    )
    assert.equal(seen['spare'], undefined)
    assert.equal(shop1.forwarded, '127.0.0.1')
    assert.deepEqual(await counts(port, 3, '/', 'blog.test'), { blog: 3 })
    assert.deepEqual(await counts(port, 3, '/', 'a.blog.test'), { blog: 3 })
    assert.equal((await counts(port, 3, '/', 'other.test'))['blog'], undefined)
    assert.deepEqual(await counts(port, 3, '/reports/1'), { reports: 3 })
    await until('the requests of before have ended', () => reports.now + reports2.now === 0)
    reports.slowMs = reports2.slowMs = 200
    reports.most = reports2.most = 0
    const many = Array.from({ length: 4 }, () => get(port, '/reports/slow', { host: 'shop.test' }))
    for (const { status } of await Promise.all(many)) assert.equal(status, 200)
    assert.ok(reports.most <= 2 && reports2.most >= 2, `${reports.most} ${reports2.most}`)
    reports.slowMs = reports2.slowMs = 3_000
    assert.equal((await get(port, '/reports/slow', { host: 'shop.test' })).status, 504)
  }
  shop1.stop()
  for (const port of ports) assert.deepEqual(await counts(port, 20), { shop2: 20 })
  shop2.stop()
  for (const port of ports) assert.deepEqual(await counts(port, 20), { spare: 20 })
})
