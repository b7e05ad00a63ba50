// Certificates that the proxy obtains itself, from a real ACME server.

import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { joinCluster } from '../../../src/agent/index.ts'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { noOpenssl } from '../../support/certificates.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { noPebble, Pebble } from '../../support/pebble.ts'
import { SteadyLoad } from '../../support/steady-load.ts'
import { type Running, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

/** The certificate that a new connection gets for a name; undefined when the handshake is refused. */
const shown = (port: number, servername: string): Promise<X509Certificate | undefined> =>
  new Promise((resolve) => {
    const socket = connect(
      { host: '127.0.0.1', port, servername, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerX509Certificate())
        socket.destroy()
      },
    )
    socket.on('error', () => resolve(undefined))
  })

interface Proxy {
  readonly file: string
  readonly plain: number
  readonly secure: number
  readonly control: number
  readonly storage: string
}

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-acme-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a configuration. */
function configured(
  t: TestContext,
  pebble: Pebble,
  [plain = 0, secure = 0, control = 0]: readonly number[],
  {
    acme = {},
    workers = 2,
    to = ['127.0.0.1:1'] as string | readonly string[],
    storage = join(folderOf(t), 'acme'),
    isSecureAlone = false,
  } = {},
): Proxy {
  const file = join(folderOf(t), 'topspin.json')
  const values = {
    listen: [...(isSecureAlone ? [] : [`127.0.0.1:${plain}`]), `https://127.0.0.1:${secure}`],
    control: { listen: `127.0.0.1:${control}` },
    to,
    workers,
    acme: {
      names: ['shop.example'],
      directory: pebble.directory,
      caFile: pebble.caFile,
      agreeTos: true,
      storage,
      ...acme,
    },
  }
  writeFileSync(file, JSON.stringify(values))
  return { file, plain, secure, control, storage }
}

async function serve(t: TestContext, { file }: Proxy): Promise<Running> {
  const running = startTopspin(['serve', '--config', file], { deadlineMs: 120_000 })
  t.after(() => running.child.kill('SIGKILL'))
  await running.sees(/"msg":"listening"/)
  return running
}

async function obtained(
  { secure }: Proxy,
  running: Running,
  name = 'shop.example',
): Promise<X509Certificate> {
  let certificate: X509Certificate | undefined
  await until(
    `a certificate for ${name}`,
    async () => {
      certificate = await shown(secure, name)
      return certificate !== undefined
    },
    30_000,
    () => running.printed,
  )
  return certificate as X509Certificate
}

const statusOf = async ({ control }: Proxy): Promise<StatusReport> =>
  (await (await fetch(`http://127.0.0.1:${control}/api/status`)).json()) as StatusReport

async function stopped(running: Running): Promise<void> {
  running.child.kill('SIGKILL')
  await running.ended
}

describe('certificates by ACME', { skip: noOpenssl || noPebble }, () => {
  for (const workers of [0, 2])
    test(`an order by HTTP-01 serves the name, ${workers} workers, and a restart orders nothing`, async (t) => {
      const ports = await freePorts(3)
      const pebble = await Pebble.start(t, ports[0] ?? 0, { nonceRejects: 20 })
      const proxy = configured(t, pebble, ports, { workers })
      const running = await serve(t, proxy)
      const certificate = await obtained(proxy, running)
      assert.equal(certificate.subjectAltName, 'DNS:shop.example')
      await running.sees(/"msg":"certificate obtained by ACME"/)
      const folder = join(proxy.storage, readdirSync(proxy.storage)[0] ?? '')
      assert.deepEqual(readdirSync(folder).sort(), ['account.pem', 'shop.example.pem'])
      for (const name of readdirSync(folder))
        assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
      await stopped(running)
      const again = await serve(t, proxy)
      assert.equal(
        (await shown(proxy.secure, 'shop.example'))?.serialNumber,
        certificate.serialNumber,
      )
      assert.equal(pebble.orders, 1)
      await stopped(again)
    })

  test('short-lived certificates are renewed again and again under load without a failed request', async (t) => {
    const ports = await freePorts(3)
    const pebble = await Pebble.start(t, ports[0] ?? 0, { lifeSeconds: 12 })
    const node = await startNode(t, (_, response) => void response.end('good'))
    const proxy = configured(t, pebble, ports, { to: `127.0.0.1:${node.port}` })
    const running = await serve(t, proxy)
    await obtained(proxy, running)
    const load = new SteadyLoad(t, proxy.plain)
    const serials = new Set<string>()
    await until(
      'three renewals',
      async () => {
        const certificate = await shown(proxy.secure, 'shop.example')
        assert.ok(certificate !== undefined)
        serials.add(certificate.serialNumber)
        return serials.size >= 4
      },
      60_000,
      () => running.printed,
    )
    await load.stop()
    assert.deepEqual(load.failures, [])
    t.diagnostic(`${load.good} requests, 0 failed, ${serials.size} certificates`)
    const newest = [...serials].at(-1)
    // Each connection may meet another worker.
    for (let count = 0; count < 8; count += 1) {
      const certificate = await shown(proxy.secure, 'shop.example')
      assert.ok(
        certificate !== undefined &&
          (certificate.serialNumber === newest || !serials.has(certificate.serialNumber)),
      )
    }
    await stopped(running)
  })

  test('an authority that is down at the start hurts nothing, and the order is repeated', async (t) => {
    const ports = await freePorts(3)
    const pebble = await Pebble.prepare(t, ports[0] ?? 0)
    const node = await startNode(t, (_, response) => void response.end('good'))
    const proxy = configured(t, pebble, ports, { to: `127.0.0.1:${node.port}` })
    const running = await serve(t, proxy)
    const load = new SteadyLoad(t, proxy.plain)
    await running.sees(/"msg":"no certificate by ACME: the order failed"/)
    assert.equal(await shown(proxy.secure, 'shop.example'), undefined)
    await pebble.start()
    await obtained(proxy, running)
    await load.stop()
    assert.deepEqual(load.failures, [])
    await stopped(running)
  })

  test('an account outside ACME is bound to the account of the proxy', async (t) => {
    const ports = await freePorts(3)
    const hmac = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
    const pebble = await Pebble.start(t, ports[0] ?? 0, { accounts: { 'kid-1': hmac } })
    const hmacFile = join(folderOf(t), 'hmac')
    writeFileSync(hmacFile, `${hmac}\n`)
    const acme = { eab: { kid: 'kid-1', hmacFile }, keyType: 'rsa' }
    const proxy = configured(t, pebble, ports, { acme })
    const running = await serve(t, proxy)
    const certificate = await obtained(proxy, running)
    assert.equal(certificate.publicKey.asymmetricKeyType, 'rsa')
    await stopped(running)
  })

  test('two proxies that share the storage place one order, and both serve the certificate', async (t) => {
    const [plain = 0, secure = 0, control = 0, ...others] = await freePorts(6)
    const pebble = await Pebble.start(t, plain)
    const proxy = configured(t, pebble, [plain, secure, control])
    const other = configured(t, pebble, others, { storage: proxy.storage })
    const first = await serve(t, proxy)
    const second = await serve(t, other)
    const certificate = await obtained(proxy, first)
    assert.equal((await obtained(other, second)).serialNumber, certificate.serialNumber)
    assert.equal(pebble.orders, 1)
    await stopped(first)
    await stopped(second)
  })

  for (const workers of [0, 2])
    test(`without port 80, an order by TLS-ALPN-01 serves the name, ${workers} workers`, async (t) => {
      const ports = await freePorts(4)
      const pebble = await Pebble.start(t, ports[3] ?? 0, { tlsPort: ports[1] ?? 0 })
      const proxy = configured(t, pebble, ports, { workers, isSecureAlone: true })
      const running = await serve(t, proxy)
      const certificate = await obtained(proxy, running)
      assert.equal(certificate.subjectAltName, 'DNS:shop.example')
      // The answer is gone with the order, and others never get it.
      const options = { host: '127.0.0.1', port: proxy.secure, ALPNProtocols: ['acme-tls/1'] }
      await running.sees(/"msg":"certificate obtained by ACME"/)
      const socket = connect({ ...options, servername: 'shop.example', rejectUnauthorized: false })
      const alert = { code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' }
      await assert.rejects(once(socket, 'secureConnect'), alert)
      await stopped(running)
    })

  test('an order that the authority refuses is in the log, the status and doctor, and repeated after a minute', async (t) => {
    const ports = await freePorts(4)
    // Nobody listens at the port of HTTP-01.
    const pebble = await Pebble.start(t, ports[3] ?? 0, { tlsPort: ports[1] ?? 0 })
    const proxy = configured(t, pebble, ports)
    const running = await serve(t, proxy)
    await running.sees(/"msg":"no certificate by ACME: the order failed"/)
    const report = await statusOf(proxy)
    const [shop] = report.certificates
    assert.equal(shop?.notAfter, null)
    assert.equal(shop.renewal?.failures, 1)
    assert.match(String(shop.renewal.error), /refused|connection|unauthorized/i)
    const { stdout, code } = await topspin('doctor', '--control', `127.0.0.1:${proxy.control}`)
    assert.equal(code, 1)
    assert.match(stdout, /fail +certificate shop\.example +there is none, and the order has failed/)
    assert.match(running.printed.stdout, /"failures":1,"nextMs":(6|7)\d{4}/)
    await stopped(running)
  })

  test('aliases of nodes get certificates, those outside of acme.allow never', async (t) => {
    const ports = await freePorts(3)
    const pebble = await Pebble.start(t, ports[0] ?? 0)
    const acme = { names: [], allow: ['*.apps.example', 'www.example'] }
    const proxy = configured(t, pebble, ports, { acme, to: [] })
    const running = await serve(t, proxy)
    assert.equal(await shown(proxy.secure, 'a.apps.example'), undefined)
    const server = createServer((_, response) => void response.end('good'))
    t.after(() => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const names = ['A.apps.example', 'a.b.apps.example', 'other.example', 'localhost']
    const agent = await joinCluster(server, {
      proxies: [`127.0.0.1:${proxy.control}`],
      aliases: names,
      log: false,
    })
    const certificate = await obtained(proxy, running, 'a.apps.example')
    assert.equal(certificate.subjectAltName, 'DNS:a.apps.example')
    for (const name of ['a.b.apps.example', 'other.example', 'www.example'])
      assert.equal(
        (await shown(proxy.secure, name))?.subjectAltName,
        'DNS:a.apps.example',
        `${name} gets the certificate for other names`,
      )
    assert.equal(pebble.orders, 1)
    await agent.close()
    await stopped(running)
    // No node is there yet, and the certificate is served.
    const again = await serve(t, proxy)
    const { serialNumber } = certificate
    assert.equal((await shown(proxy.secure, 'a.apps.example'))?.serialNumber, serialNumber)
    assert.equal(pebble.orders, 1)
    await stopped(again)
  })

  test('a certificate is renewed when the authority suggests it, long before its end', async (t) => {
    const ports = await freePorts(3)
    const asked = new Set<string>()
    const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()
    const pebble = await Pebble.start(t, ports[0] ?? 0, {
      // The first certificate is revoked, as it were; the second one is good.
      renewalInfo: (id) => {
        asked.add(id)
        const isFirst = id === [...asked][0]
        const [start, end] = isFirst ? [-2_000, -1_000] : [3_600_000, 7_200_000]
        return { suggestedWindow: { start: inMs(start), end: inMs(end) } }
      },
    })
    const proxy = configured(t, pebble, ports)
    const running = await serve(t, proxy)
    const { serialNumber } = await obtained(proxy, running)
    await until(
      'another certificate',
      async () => (await shown(proxy.secure, 'shop.example'))?.serialNumber !== serialNumber,
      30_000,
      () => running.printed,
    )
    await until('the next one is asked for', () => asked.size === 2)
    assert.equal(pebble.orders, 2)
    await until('the renewal is in an hour', async () => {
      const at = Date.parse((await statusOf(proxy)).certificates[0]?.renewal?.at ?? '')
      return at > Date.now() + 3_500_000 && at < Date.now() + 7_300_000
    })
    await stopped(running)
  })

  test('a proxy that the authority does not reach gets certificates when it shares the storage with one that it reaches', async (t) => {
    const [plain = 0, secure = 0, control = 0, ...others] = await freePorts(6)
    const pebble = await Pebble.start(t, plain)
    const proxy = configured(t, pebble, [plain, secure, control])
    const acme = { names: ['other.example'] }
    const other = configured(t, pebble, others, { acme, storage: proxy.storage })
    const first = await serve(t, proxy)
    await obtained(proxy, first)
    const second = await serve(t, other)
    await obtained(other, second, 'other.example')
    assert.doesNotMatch(second.printed.stdout, /the order failed/)
    const folder = join(proxy.storage, readdirSync(proxy.storage)[0] ?? '')
    const files = ['account.pem', 'other.example.pem', 'shop.example.pem']
    assert.deepEqual(readdirSync(folder).sort(), files)
    await stopped(first)
    await stopped(second)
  })

  test('two proxies that share the storage renew one after the other, and no handshake fails', async (t) => {
    const [plain = 0, secure = 0, control = 0, ...others] = await freePorts(6)
    const pebble = await Pebble.start(t, plain, { lifeSeconds: 30 })
    const proxy = configured(t, pebble, [plain, secure, control], { workers: 0 })
    // The authority reaches the first one alone.
    const other = configured(t, pebble, others, { workers: 0, storage: proxy.storage })
    const first = await serve(t, proxy)
    const { serialNumber } = await obtained(proxy, first)
    const second = await serve(t, other)
    const serials = new Set<string>()
    let handshakes = 0
    const seen = new Set<string>([serialNumber])
    await until(
      'both serve a renewed certificate',
      async () => {
        const both = [
          await shown(proxy.secure, 'shop.example'),
          await shown(other.secure, 'shop.example'),
        ]
        for (const certificate of both) {
          assert.ok(certificate !== undefined)
          assert.ok(Date.parse(certificate.validTo) > Date.now(), 'an expired certificate')
          seen.add(certificate.serialNumber)
          handshakes += 1
        }
        if (both[0]?.serialNumber === both[1]?.serialNumber)
          serials.add(both[0]?.serialNumber ?? '')
        return serials.size >= 2
      },
      60_000,
      () => [first.printed, second.printed],
    )
    t.diagnostic(
      `${handshakes} handshakes, 0 failed, ${seen.size} certificates, ${pebble.orders} orders`,
    )
    await stopped(first)
    await stopped(second)
  })

  test('kill -9 in the middle of an order leaves a storage that the next start uses', async (t) => {
    const ports = await freePorts(3)
    // Nobody answers at the port of the validation, so the order stays open.
    const [elsewhere = 0] = await freePorts(1)
    const stuck = await Pebble.start(t, elsewhere)
    const storage = join(folderOf(t), 'acme')
    const proxy = configured(t, stuck, ports, { storage })
    const running = await serve(t, proxy)
    await until(
      'an order',
      () => stuck.orders > 0,
      10_000,
      () => stuck.printed,
    )
    await stopped(running)
    const pebble = await Pebble.start(t, ports[0] ?? 0)
    const next = configured(t, pebble, ports, { storage })
    await obtained(next, await serve(t, next))
  })

  test('topspin check refuses wildcards and names that are no DNS names', async (t) => {
    const pebble = await Pebble.prepare(t, 1)
    const names = ['*.shop.example', '127.0.0.1', 'no_dot', 'good.example']
    const { file } = configured(t, pebble, [1, 2, 3], { acme: { names, agreeTos: false } })
    const { code, stderr } = await topspin('check', file)
    assert.equal(code, 78)
    assert.match(
      stderr,
      /acme\.names\[0\].*a wildcard needs the challenge DNS-01, which is not supported/,
    )
    assert.match(stderr, /acme\.names\[1\].*not a DNS name/)
    assert.match(stderr, /acme\.names\[2\].*not a DNS name/)
    assert.doesNotMatch(stderr, /names\[3\]/)
  })
})
