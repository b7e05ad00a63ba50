// Clients over TLS: what passes over plain connections passes over these, broken answers are seen to be
// broken, and nobody can wear the listener out by not shaking hands.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { Agent, createServer as createHttps, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { Authority, noOpenssl, type Pair, selfSigned } from '../../support/certificates.ts'
import { clientHello } from '../../support/client-hello.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { until } from '../../support/until.ts'
import { type WebSocket, webSocket, webSocketServer } from '../../support/web-socket.ts'

const run = promisify(execFile)

describe('a client over TLS', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const own = noOpenssl === false ? authority.issue() : (undefined as unknown as Pair)
  const ca = noOpenssl === false ? authority.cert : ''

  async function start(t: TestContext, given: Given = {}) {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }], { tls: own, ...given })
    const connect = (more: tls.ConnectionOptions = {}): Promise<RawClient> =>
      RawClient.connect(t, running.port, { ca, ...more })
    return { ...running, origin, connect }
  }

  test('is served over one kept connection, and the node receives the scheme https', async (t) => {
    const { connect, origin, proxy } = await start(t)
    const client = await connect()
    assert.equal((await client.ask(get('/echo'))).status, 200)
    const body = 'x'.repeat(2_000_000)
    assert.equal((await client.ask(post('/echo', body))).body.toString(), body)
    const chunked = request('POST', '/echo', 'Transfer-Encoding: chunked')
    const answer = await client.ask(`${chunked}5\r\nhello\r\n0\r\n\r\n`)
    assert.equal(answer.body.toString(), 'hello')
    assert.equal((await client.ask(get('/big?bytes=3000000'))).body.length, 3_000_000)
    client.send(get('/echo?1') + get('/echo?2') + get('/echo?3'))
    for (const n of [1, 2, 3]) {
      assert.equal((await client.answer())?.body.toString(), `/echo?${n}`)
    }
    assert.equal(proxy.counters.connections, 1)
    const [first] = origin.seen
    assert.equal(first?.get('x-forwarded-proto'), 'https')
    assert.equal(first?.get('forwarded'), 'for=127.0.0.1;proto=https;host="app.test"')
    assert.equal(first?.get('client-cert'), undefined)
  })

  test('may be curl, which keeps its connection, or Node.js', async (t) => {
    const { port, proxy } = await start(t)
    const url = `https://localhost:${port}`
    const urls = [`${url}/echo?1`, `${url}/echo?2`]
    const resolve = ['--resolve', `localhost:${port}:127.0.0.1`]
    const args = ['-sS', '--fail', '--cacert', authority.certFile, ...resolve, '--max-time', '10']
    const { stdout } = await run('curl', [...args, ...urls])
    assert.equal(stdout, '/echo?1/echo?2')
    assert.equal(proxy.counters.connections, 1)
    const posted = await run('curl', [...args, '-d', 'a=1', `${url}/echo`])
    assert.equal(posted.stdout, 'a=1')

    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
    t.after(() => agent.destroy())
    for (const n of [1, 2]) {
      const outgoing = httpsRequest({ host: '127.0.0.1', port, path: `/echo?${n}`, agent })
      outgoing.end()
      const [response] = await once(outgoing, 'response')
      let text = ''
      for await (const part of response) text += part
      assert.equal(text, `/echo?${n}`)
      assert.equal(outgoing.reusedSocket, n === 2)
    }
  })

  test('sees that a response was cut, with every framing', async (t) => {
    const { connect } = await start(t)
    for (const by of ['fin', 'rst'] as const) {
      const counted = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789'
      const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n'
      for (const answer of [counted, chunked]) {
        const client = await connect()
        client.send(get(cutAt(answer, answer.length - 3, by)))
        assert.equal(await client.answer(), undefined, client.text)
        assert.match(client.text, /^HTTP\/1\.1 200/)
      }
      // HTTP/1.0 knows no chunks: the end is the end, so only a reset is a cut.
      const old = await connect()
      old.send(`GET ${cutAt(chunked, chunked.length - 3, by)} HTTP/1.0\r\n\r\n`)
      assert.equal(await old.answer(), undefined, old.text)
      assert.ok(old.error !== undefined, 'an end without an error')
    }
  })

  test('that asks for the end of the connection gets the whole answer, and then the end', async (t) => {
    const { connect, proxy } = await start(t)
    for (const bytes of [0, 100, 15_000, 60_000, 3_000_000]) {
      for (const old of [true, false]) {
        const client = await connect()
        const target = `/big?bytes=${bytes}`
        client.send(old ? `GET ${target} HTTP/1.0\r\n\r\n` : get(target, 'Connection: close'))
        assert.equal((await client.answer())?.body.length, bytes)
        await client.over()
        assert.equal(client.error, undefined)
      }
    }
    await until('nothing is left', () => proxy.connections === 0)
  })

  test('gets the same refusals as a plain client, and the connection closes after the response', async (t) => {
    const { connect, origin } = await start(t)
    for (const bytes of [
      request('POST', '/', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
      request('POST', '/', 'Content-Length: 3', 'Content-Length: 4'),
      'GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n',
    ]) {
      const client = await connect()
      client.send(bytes + get('/smuggled'))
      assert.equal((await client.answer())?.status, 400)
      await client.over()
      assert.equal(client.text.split('HTTP/1.1').length, 2)
    }
    assert.equal(origin.seen.length, 0)
  })

  test('that reads slowly holds up the node, not the memory', async (t) => {
    const { connect } = await start(t)
    const client = await connect()
    client.socket.pause()
    const before = process.memoryUsage().arrayBuffers
    client.send(get('/big?bytes=40000000'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000)
    client.socket.removeAllListeners('data')
    let length = 0
    client.socket.on('data', (piece: Buffer) => {
      length += piece.length
    })
    client.socket.resume()
    await until('all of it has come', () => length > 40_000_000, 30_000)
  })

  test('speaks by WebSocket to a node, whether that is reached plainly or over TLS', async (t) => {
    for (const type of ['ws', 'wss']) {
      const server = type === 'ws' ? createHttp() : createHttps(own)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.after(() => server.close())
      webSocketServer({ server, path: '/chat' }).on('connection', (socket: WebSocket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
      const { port } = server.address() as AddressInfo
      const running = await startProxy(t, [{ port, type }], { tls: own, nodeTls: { ca } })
      const client = webSocket(`wss://127.0.0.1:${running.port}/chat`, { ca })
      t.after(() => client.terminate())
      await new Promise<void>((resolve) => client.on('open', resolve))
      const got: Buffer[] = []
      let code = 0
      client.on('message', (data) => got.push(data))
      client.on('close', (value) => {
        code = value
      })
      const large = Buffer.alloc(1_500_000, 'w')
      client.send('hello')
      client.send(large, { binary: true })
      await until('both have come back', () => got.length === 2)
      assert.equal(got[0]?.toString(), 'hello')
      assert.ok(large.equals(got[1] ?? Buffer.alloc(0)))
      client.close(4_001)
      await until('the end has arrived', () => code === 4_001)
      await until('the node is free', () => running.live(1).inFlight === 0)
    }
  })

  test('that speaks plain HTTP gets a clear refusal', async (t) => {
    const { port, origin } = await start(t)
    const client = await RawClient.connect(t, port)
    const answer = await client.ask(get('/echo'))
    assert.equal(answer.status, 400)
    assert.match(answer.body.toString(), /this port speaks HTTPS/)
    await client.over()
    assert.equal(origin.seen.length, 0)
  })

  test('that sends something else, or breaks off in the handshake, ends only its own connection', async (t) => {
    const { port, connect, proxy } = await start(t)
    const standing = await connect()
    for (const bytes of [
      Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 255]),
      Buffer.from([22, 3, 1, 255, 255, ...Buffer.alloc(70_000, 1)]),
      Buffer.from('\u0016\u0003\u0001', 'latin1'),
      Buffer.alloc(100_000, 7),
    ]) {
      const client = await RawClient.connect(t, port)
      client.socket.write(bytes)
      if (bytes.length === 3) client.reset()
      else if (bytes.length < 20) client.socket.end()
      await client.over()
      client.socket.destroy()
    }
    assert.equal((await standing.ask(get('/echo'))).status, 200)
    await until('nothing is left of them', () => proxy.connections === 1)
  })

  test('may send any mutation of a good first message: it ends its own connection at most', async (t) => {
    const { port, connect, proxy } = await start(t)
    const hello = await clientHello(t)
    const random = seededRandom(7)
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => RawClient.connect(t, port)),
      )
      for (const client of clients) {
        const bytes = Buffer.from(hello)
        for (let i = 0; i <= random() * 4; i++) {
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
        }
        const length = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length
        client.socket.end(bytes.subarray(0, length))
      }
      for (const client of clients) {
        await client.over()
        client.socket.destroy()
      }
    }
    assert.equal((await (await connect()).ask(get('/echo'))).status, 200)
    await until('nothing is left of them', () => proxy.connections === 1)
    assert.equal(proxy.counters.faults, 0)
  })

  test('that does not end its handshake in time is cut, while others are served', async (t) => {
    const { port, connect, proxy } = await start(t, { timeouts: { headMs: 400 } })
    const silent = await RawClient.connect(t, port)
    const half = await RawClient.connect(t, port)
    half.send(Buffer.from([22, 3, 1]))
    const client = await connect()
    assert.equal((await client.ask(get('/echo'))).status, 200)
    for (const client of [silent, half]) await client.over()
    assert.equal((await client.ask(get('/echo'))).status, 200)
    await until('only the good one is left', () => proxy.connections === 1)
  })

  test('of an older TLS than 1.2, or of a protocol other than HTTP, is turned away', async (t) => {
    const { port } = await start(t)
    for (const more of [
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
      { ALPNProtocols: ['spdy/3.1'] },
    ] as const) {
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        ca,
        ...(more as tls.ConnectionOptions),
      })
      const [error] = (await once(socket, 'error')) as [Error]
      assert.ok(error instanceof Error)
    }
    const both = tls.connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1', 'h2'] })
    await once(both, 'secureConnect')
    assert.equal(both.alpnProtocol, 'h2', 'the preferred protocol of the proxy')
    both.destroy()
  })

  test('cannot have its keys negotiated again, which is work for nothing', async (t) => {
    const { port, connect } = await start(t, { timeouts: { headMs: 400 } })
    const socket = tls.connect({ port, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' })
    t.after(() => socket.destroy())
    await once(socket, 'secureConnect')
    socket.on('error', () => {})
    let isDone = false
    socket.renegotiate({}, (error) => {
      isDone = error === null
    })
    // It is not answered but by the deadline of a connection that asks for nothing.
    await until('it is cut', () => socket.destroyed)
    assert.equal(isDone, false)
    assert.equal((await (await connect()).ask(get('/echo'))).status, 200)
  })

  test('resumes its session, also at a process that shares the keys of its tickets', async (t) => {
    const ticketKeys = Buffer.alloc(48, 'k').toString('base64')
    const [one, other] = await Promise.all([
      start(t, { tls: { ...own, ticketKeys } }),
      start(t, { tls: { ...own, ticketKeys } }),
    ])
    const first = tls.connect({ port: one.port, host: '127.0.0.1', ca })
    const [session] = (await once(first, 'session')) as [Buffer]
    first.destroy()
    for (const { port } of [one, other]) {
      const next = tls.connect({ port, host: '127.0.0.1', ca, session })
      await once(next, 'secureConnect')
      assert.equal(next.isSessionReused(), true)
      next.destroy()
    }
  })

  test('keeps its connection when the certificate is replaced; the next one sees the new one', async (t) => {
    const { connect, proxy } = await start(t)
    const standing = await connect()
    const next = authority.issue({ names: ['localhost', '127.0.0.1'], subject: 'renewed' })
    proxy.replaceTls(next)
    assert.equal((await standing.ask(get('/echo'))).status, 200)
    const late = await connect()
    assert.equal((late.socket as tls.TLSSocket).getPeerCertificate().subject.CN, 'renewed')
    assert.equal((await late.ask(get('/echo'))).status, 200)
    assert.throws(() => proxy.replaceTls({ ...next, key: own.key }), /key values mismatch/)
    assert.equal((await (await connect()).ask(get('/echo'))).status, 200)
  })

  test('in the middle of a request is answered when the proxy drains, one without is closed', async (t) => {
    const { connect, proxy, port } = await start(t)
    const busy = await connect()
    const idle = await connect()
    await idle.ask(get('/echo'))
    const silent = await RawClient.connect(t, port)
    busy.send(get('/slow?pieces=4&ms=100'))
    await until('it is under way', () => busy.text.includes('piece'))
    const drained = proxy.drain(10_000)
    const answer = await busy.answer()
    assert.equal(answer?.body.toString(), 'piece'.repeat(4))
    await drained
    await until('the others are closed', () => idle.ended && (silent.ended || silent.closed))
  })

  describe('with certificates of its own', () => {
    const mine = noOpenssl === false ? authority.issue({ names: ['alice.test'] }) : own
    const expired = noOpenssl === false ? authority.issue({ days: -1 }) : own
    const stranger = noOpenssl === false ? selfSigned() : own
    const spoofed = get('/echo', 'Client-Cert: :AAAA:', 'Client-Cert-Chain: :AAAA:')
    const der = (pair: Pair): string => pair.cert.replace(/-----[^-]+-----/g, '').replace(/\s/g, '')

    test('is identified to the node if configured, and no field of a client can claim it', async (t) => {
      const settings = { tls: { ...own, ca, clientAuth: 'require' as const }, clientCert: true }
      const { connect, origin } = await start(t, settings)
      const { cert, key } = mine
      const client = await connect({ cert, key })
      for (let i = 0; i < 2; i++) assert.equal((await client.ask(spoofed)).status, 200)
      for (const seen of origin.seen) {
        const told = seen.fields.filter(([name]) => name.toLowerCase() === 'client-cert')
        assert.deepEqual(told, [['client-cert', `:${der(mine)}:`]])
        assert.equal(seen.get('client-cert-chain'), undefined)
      }
    })

    test('is not passed on unless configured, and claims of the client are removed', async (t) => {
      const tlsOptions = { ...own, ca, clientAuth: 'request' as const }
      const { connect, origin } = await start(t, { tls: tlsOptions, trust: ['127.0.0.1'] })
      const { cert, key } = mine
      assert.equal((await (await connect({ cert, key })).ask(spoofed)).status, 200)
      assert.equal((await (await connect()).ask(spoofed)).status, 200)
      const plain = await startProxy(t, [{ port: origin.port }])
      const client = await RawClient.connect(t, plain.port)
      assert.equal((await client.ask(spoofed)).status, 200)
      assert.equal(origin.seen.length, 3)
      for (const seen of origin.seen) assert.equal(seen.get('client-cert'), undefined)
    })

    test('is refused in HTTP without one where it is required, and with a bad one always', async (t) => {
      for (const clientAuth of ['request', 'require'] as const) {
        const { connect, origin, proxy } = await start(t, { tls: { ...own, ca, clientAuth } })
        const bad = [stranger, expired].map(({ cert, key }) => ({ cert, key }))
        for (const shown of clientAuth === 'require' ? [{}, ...bad] : bad) {
          const client = await connect(shown)
          client.send(post('/echo', 'x'.repeat(100_000)))
          const answer = await client.answer()
          assert.equal(answer?.status, 403)
          assert.match(answer?.body.toString() ?? '', /CLIENT_CERTIFICATE/)
          await client.over()
          client.socket.end()
        }
        assert.equal(origin.seen.length, 0)
        await until('nothing is left', () => proxy.connections === 0)
      }
    })

    test('is seen by a container over AJP, with what else TLS has shown', async (t) => {
      const container = await startAjpOrigin(t)
      const { port } = await startProxy(t, [{ port: container.port, type: 'ajp' }], {
        tls: { ...own, ca, clientAuth: 'request' },
      })
      const { cert, key } = mine
      const client = await RawClient.connect(t, port, { ca, cert, key })
      for (let i = 0; i < 2; i++) assert.equal((await client.ask(get('/echo'))).status, 200)
      const other = await RawClient.connect(t, port, { ca })
      assert.equal((await other.ask(get('/echo'))).status, 200)
      const [first, second, third] = container.seen
      assert.equal(first?.isSecure, true)
      assert.equal(first?.attributes.get('ssl_cert'), mine.cert + authority.cert)
      assert.match(String(first?.attributes.get('ssl_cipher')), /^TLS_/)
      assert.match(String(first?.attributes.get('ssl_session')), /^[0-9a-f]{64}$/)
      assert.equal(first?.attributes.get('AJP_SSL_PROTOCOL'), 'TLSv1.3')
      assert.equal(second?.attributes.get('ssl_session'), first?.attributes.get('ssl_session'))
      assert.notEqual(third?.attributes.get('ssl_session'), first?.attributes.get('ssl_session'))
      assert.equal(third?.attributes.get('ssl_cert'), undefined)
    })

    test('is known in a resumed session too', async (t) => {
      const settings = { tls: { ...own, ca, clientAuth: 'require' as const }, clientCert: true }
      const { port, connect, origin } = await start(t, settings)
      const { cert, key } = mine
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const first = tls.connect({ port, host: '127.0.0.1', ca, cert, key, maxVersion })
        const [session] = (await once(first, 'session')) as [Buffer]
        first.destroy()
        const client = await connect({ cert, key, session, maxVersion })
        assert.equal((client.socket as tls.TLSSocket).isSessionReused(), true)
        assert.equal((await client.ask(get('/echo'))).status, 200)
        assert.equal(origin.seen.at(-1)?.get('client-cert'), `:${der(mine)}:`)
      }
    })

    test('does not resume a session that began when none was required', async (t) => {
      const ticketKeys = Buffer.alloc(48, 'k').toString('base64')
      const { port, proxy } = await start(t, { tls: { ...own, ticketKeys } })
      const first = tls.connect({ port, host: '127.0.0.1', ca })
      const [session] = (await once(first, 'session')) as [Buffer]
      first.destroy()
      proxy.replaceTls({ ...own, ticketKeys, ca, clientAuth: 'require' })
      const next = await RawClient.connect(t, port, { ca, session })
      assert.equal((next.socket as tls.TLSSocket).isSessionReused(), false)
      assert.equal((await next.ask(get('/echo'))).status, 403)
    })
  })
})
