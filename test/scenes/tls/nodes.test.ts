// Nodes over TLS: which certificates the proxy takes, what it says about the others and to whom, and that
// requests pass as they do over plain connections.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import type { NodeTlsOptions } from '../../../src/net/node-tls.ts'
import { NodeTls } from '../../../src/net/node-tls.ts'
import { fingerprints } from '../../../src/net/pin.ts'
import { probeWith } from '../../../src/net/probe.ts'
import { Authority, noOpenssl, type Pair, selfSigned } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, type Origin, raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

interface Given {
  readonly host?: string
  readonly type?: string
  readonly nodeTls?: NodeTlsOptions
}

async function start(t: TestContext, server: TlsOptions, { host, type, nodeTls }: Given = {}) {
  const origin = await startOrigin(t, server)
  const warnings: object[] = []
  const say = (detail: object): void => void warnings.push(detail)
  const nothing = (): void => {}
  const running = await startProxy(
    t,
    [{ port: origin.port, host: host ?? '127.0.0.1', type: type ?? 'https' }],
    {
      ...(nodeTls === undefined ? {} : { nodeTls }),
      log: { debug: nothing, info: nothing, warn: say, error: say },
    },
  )
  const client = await RawClient.connect(t, running.port)
  return { ...running, origin, client, warnings }
}

/** The request is refused without a word about the reason, which the log has; no byte of it reached the node. */
async function refused(
  { client, warnings, origin }: { client: RawClient; warnings: object[]; origin: Origin },
  reason: RegExp,
): Promise<void> {
  const answer = await client.ask(post('/echo', 'secret', 'Cookie: secret=1'))
  assert.equal(answer.status, 503)
  assert.equal(answer.body.toString(), '503 no node can take this request now (NO_NODE)\n')
  assert.match(JSON.stringify(warnings), reason)
  assert.equal(origin.seen.length, 0)
}

describe('a node over TLS', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const good = noOpenssl === false ? authority.issue() : (undefined as unknown as Pair)
  const trusting = { ca: noOpenssl === false ? authority.cert : '' }

  test('answers requests with and without bodies over one kept connection', async (t) => {
    const { client, origin, live } = await start(t, good, { nodeTls: trusting })
    assert.equal((await client.ask(get('/echo'))).status, 200)
    const body = 'x'.repeat(300_000)
    assert.equal((await client.ask(post('/echo', body))).body.toString(), body)
    const chunked = request('POST', '/echo', 'Transfer-Encoding: chunked')
    const answer = await client.ask(`${chunked}5\r\nhello\r\n0\r\n\r\n`)
    assert.equal(answer.body.toString(), 'hello')
    assert.equal((await client.ask(get('/big?bytes=5000000'))).body.length, 5_000_000)
    assert.equal(origin.accepted(), 1)
    assert.equal(live(1).inFlight, 0)
  })

  test('sees a reset when its request is aborted, so that no TIME_WAIT is left', async (t) => {
    const ends: string[] = []
    let requests = 0
    const server = createServer(good, (socket) => {
      socket.on('data', () => requests++)
      socket.on('end', () => ends.push('end'))
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(String(error.code)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port: at } = server.address() as AddressInfo
    const { port, live } = await startProxy(t, [{ port: at, host: '127.0.0.1', type: 'https' }], {
      nodeTls: trusting,
    })
    for (const leave of ['destroy', 'reset'] as const) {
      const client = await RawClient.connect(t, port)
      client.send(get('/quiet'))
      await until('the request is at the node', () => requests > 0)
      requests = 0
      if (leave === 'reset') client.reset()
      else client.socket.destroy()
      await until('the node has lost it', () => ends.length > 0)
      assert.deepEqual(ends.splice(0), ['ECONNRESET'], leave)
      assert.equal(live(1).inFlight, 0)
    }
  })

  test('is reached by its name, which is asked for (SNI) and checked', async (t) => {
    const names: (string | false | null)[] = []
    const pair = authority.issue({ names: ['localhost'] })
    const server: TlsOptions = {
      ...pair,
      SNICallback: (name, done) => {
        names.push(name)
        done(null)
      },
    }
    const { client } = await start(t, server, { host: 'localhost', nodeTls: trusting })
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.deepEqual(names, ['localhost'])
  })

  test('may carry another name when the settings say which', async (t) => {
    const pair = authority.issue({ names: ['inner.test'] })
    const nodeTls = { ...trusting, servername: 'inner.test' }
    const { client } = await start(t, pair, { nodeTls })
    assert.equal((await client.ask(get('/echo'))).status, 200)
  })

  test('is not used with a certificate of an unknown authority', async (t) => {
    const nodeTls = { ca: new Authority('Another Authority').cert }
    await refused(await start(t, good, { nodeTls }), /unknown authority|issuer of its certificate/)
  })

  test('is not used with an expired certificate', async (t) => {
    const pair = authority.issue({ days: -1 })
    await refused(await start(t, pair, { nodeTls: trusting }), /has expired: it needs a new one/)
  })

  test('is not used with a certificate for another name or address', async (t) => {
    const pair = authority.issue({ names: ['other.test', '127.0.0.2'] })
    const words = /is for another name: .*127\.0\.0\.1.*127\.0\.0\.2/
    await refused(await start(t, pair, { nodeTls: trusting }), words)
    const byName = await start(t, pair, { host: 'localhost', nodeTls: trusting })
    await refused(byName, /is for another name: .*localhost.*other\.test/)
  })

  test('is not used with a self-signed certificate, unless that is the authority or pinned', async (t) => {
    const own = selfSigned()
    await refused(await start(t, own), /self-signed: name it in nodeTls\.ca or nodeTls\.pin/)
    for (const nodeTls of [
      { ca: own.cert },
      ...fingerprints(new X509Certificate(own.cert)).map((pin) => ({ pins: [pin] })),
      { verify: false },
    ]) {
      const { client } = await start(t, own, { nodeTls })
      assert.equal((await client.ask(get('/echo'))).status, 200, Object.keys(nodeTls).join())
    }
  })

  test('is not used with another certificate than the pinned one, nor with a pinned one of a stranger when the authority counts too', async (t) => {
    const pins = fingerprints(new X509Certificate(selfSigned().cert))
    await refused(await start(t, good, { nodeTls: { pins } }), /not in nodeTls\.pin/)
    await refused(await start(t, good, { nodeTls: { ...trusting, pins } }), /not in nodeTls/)
    const own = selfSigned()
    const itself = fingerprints(new X509Certificate(own.cert))
    await refused(await start(t, own, { nodeTls: { ...trusting, pins: itself } }), /self-signed/)
  })

  test('that requests a client certificate gets it, and the log reports a missing one', async (t) => {
    const mine = authority.issue({ names: ['proxy.test'] })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const server: TlsOptions = { ...good, ca: authority.cert, requestCert: true, maxVersion }
      const { cert, key } = mine
      const with1 = await start(t, server, { nodeTls: { ...trusting, cert, key } })
      assert.equal((await with1.client.ask(get('/echo'))).status, 200)
      const without = await start(t, server, { nodeTls: trusting })
      const answer = await without.client.ask(post('/echo', 'secret'))
      assert.ok(answer.status === 502 || answer.status === 503, String(answer.status))
      assert.equal(without.origin.seen.length, 0)
      const probed = await probeWith(() => new NodeTls(trusting))({
        host: '127.0.0.1',
        port: without.origin.port,
        type: 'https',
        probe: 'tcp',
        question: defaultCheck.question,
        timeoutMs: 5_000,
      })
      assert.equal(probed.answered, false)
      assert.match(probed.reason, /may require a client certificate/)
    }
  })

  test('that is silent in the handshake is waited for as for its answer', async (t) => {
    const plain = await startOrigin(t)
    const running = await startProxy(t, [{ port: plain.port, type: 'https' }], {
      timeouts: { connectMs: 100, responseHeadMs: 300 },
    })
    const client = await RawClient.connect(t, running.port)
    assert.equal((await client.ask(get('/echo'))).status, 503)
    assert.equal(running.live(1).health.kind, 'suspect')
  })

  test('shows broken answers to the client as a plain one does', async (t) => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789'
    for (const by of ['fin', 'rst'] as const) {
      const { port } = await start(t, good, { nodeTls: trusting })
      for (const at of [20, answer.length - 3]) {
        const client = await RawClient.connect(t, port)
        client.send(get(cutAt(answer, at, by)))
        const got = await client.answer()
        if (at < 38) assert.equal(got?.status, 502, `${by} ${at}`)
        else assert.equal(got, undefined, `${by} ${at}: ${client.text}`)
      }
    }
  })

  test('costs one handshake with a key exchange, and short ones after that', async (t) => {
    const reused: boolean[] = []
    const server = createServer(good, (socket) => {
      reused.push(socket.isSessionReused())
      socket.end('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')
      socket.on('error', () => {}).resume()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const { port: proxyPort } = await startProxy(t, [{ port, type: 'https' }], {
      nodeTls: trusting,
    })
    const client = await RawClient.connect(t, proxyPort)
    for (let i = 0; i < 3; i++) assert.equal((await client.ask(get('/'))).status, 200)
    assert.deepEqual(reused, [false, true, true])
  })

  test('becomes the end of a tunnel, by https and by wss', async (t) => {
    for (const type of ['https', 'wss']) {
      const { client, live } = await start(t, good, { type, nodeTls: trusting })
      client.send(request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo'))
      assert.equal((await client.answer())?.status, 101)
      const text = 'y'.repeat(2_000_000)
      client.send(text)
      await until('all has come back', () => client.text.endsWith(text))
      client.socket.end()
      await until('nothing is left', () => live(1).inFlight === 0)
    }
  })

  test('is held up by a client that reads slowly', async (t) => {
    const { port, origin } = await start(t, good, { nodeTls: trusting })
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    const before = process.memoryUsage().arrayBuffers
    socket.write(get('/big?bytes=60000000'))
    await until('the node answers', () => origin.seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000)
    let length = 0
    socket.on('data', (piece: Buffer) => {
      length += piece.length
    })
    await until('all of it has come', () => length > 60_000_000, 30_000)
  })

  test('with a response until the close is complete after close_notify', async (t) => {
    const { client } = await start(t, good, { nodeTls: trusting })
    const answer = await client.ask(get(raw('HTTP/1.1 200 OK\r\n\r\nall of it', '&then=fin')))
    assert.equal(answer.body.toString(), 'all of it')
  })
})
