// Clients over HTTP/2, as Node.js speaks it: requests and bodies in both directions, streams beside each other, resets,
// trailers, interim responses, WebSockets, and the end of a connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { type AccessEntry, defaultInsert } from '../../../src/proxy/index.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { preface } from '../../support/http2-attacks.ts'
import { block, frame, framesIn, uint32 } from '../../support/http2-frames.ts'
import { startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

interface Answer {
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  readonly trailers: http2.IncomingHttpHeaders
  readonly body: string
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
  let trailers: http2.IncomingHttpHeaders = {}
  const pieces: Buffer[] = []
  stream.on('response', (given) => {
    headers = given
  })
  stream.on('trailers', (given) => {
    trailers = given
  })
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  await once(stream, 'close')
  assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
  return {
    status: headers[':status'] ?? 0,
    headers,
    trailers,
    body: Buffer.concat(pieces).toString('latin1'),
  }
}

const get = (session: ClientHttp2Session, path: string, more = {}): Promise<Answer> =>
  answerOf(session.request({ ':path': path, ...more }))

function post(session: ClientHttp2Session, path: string, body: string | Buffer, more = {}) {
  const stream = session.request({ ':method': 'POST', ':path': path, ...more })
  stream.end(body)
  return answerOf(stream)
}

/** What the node received, in the order of arrival. */
async function start(t: TestContext, handler: RequestListener, given: Given = {}) {
  const node = await startNode(t, handler)
  const running = await startProxy(t, [{ port: node.port }], given)
  const connect = async (): Promise<ClientHttp2Session> => {
    const scheme = given.tls === undefined ? 'http' : 'https'
    const session = http2.connect(`${scheme}://127.0.0.1:${running.port}`, {
      rejectUnauthorized: false,
    })
    session.on('error', () => {})
    t.after(() => session.destroy())
    await once(session, 'connect')
    return session
  }
  return { ...running, node, connect }
}

const echo: RequestListener = (request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece) => pieces.push(piece))
  request.on('end', () => {
    response.setHeader('X-Seen', JSON.stringify({ ...request.headers, method: request.method }))
    response.setHeader('X-Trailers', JSON.stringify(request.trailers))
    response.end(Buffer.concat(pieces))
  })
}

describe('over HTTP/2', () => {
  test('a request reaches the node as HTTP/1.1, and its answer comes back', async (t) => {
    const entries: AccessEntry[] = []
    const { connect, proxy } = await start(t, echo, { accessLog: (entry) => entries.push(entry) })
    const session = await connect()
    const { status, headers } = await get(session, '/a?b=c', { cookie: 'a=b', 'x-own': 'yes' })
    assert.equal(status, 200)
    const seen = JSON.parse(String(headers['x-seen']))
    assert.equal(seen.method, 'GET')
    assert.deepEqual([seen.cookie, seen['x-own']], ['a=b', 'yes'])
    assert.equal(seen.via, '2.0 under-test')
    assert.equal(seen['x-forwarded-proto'], 'http')
    assert.equal(headers['connection'], undefined)
    assert.equal(entries[0]?.protocol, 'HTTP/2.0')
    assert.deepEqual([proxy.counters.connectionsHttp2, proxy.counters.requestsHttp2], [1, 1])
  })

  test('bodies pass unchanged, with and without a length', async (t) => {
    const { connect } = await start(t, echo)
    const session = await connect()
    for (const size of [0, 1, 1_000, 16_384, 70_000, 1_500_000]) {
      const body = 'x'.repeat(size)
      const chunked = await post(session, '/', body)
      assert.equal(chunked.body, body)
      const given = await post(session, '/', body, { 'content-length': String(size) })
      assert.equal(given.body, body)
      assert.equal(JSON.parse(String(given.headers['x-seen']))['content-length'], String(size))
    }
  })

  test('many requests at a time have many answers', async (t) => {
    const { connect, proxy } = await start(t, (request, response) => response.end(request.url))
    const sessions = await Promise.all([connect(), connect(), connect()])
    const answers = await Promise.all(
      sessions.flatMap((session) =>
        Array.from({ length: 100 }, (_, i) => get(session, `/${i}`).then(({ body }) => [body, i])),
      ),
    )
    for (const [body, i] of answers) assert.equal(body, `/${i}`)
    assert.equal(proxy.counters.faults, 0)
  })

  test('trailers pass in both directions', async (t) => {
    const { connect } = await start(t, (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { Trailer: 'X-Sum' })
        response.write('body')
        response.addTrailers({ 'X-Sum': String(request.trailers['x-sent']) })
        response.end()
      })
    })
    const session = await connect()
    const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
    stream.on('error', () => {})
    const answered = answerOf(stream)
    stream.write('some')
    // Node.js sends trailers when it is asked for them at the end.
    stream.close = stream.close.bind(stream)
    stream.end()
    const { body } = await answered
    assert.equal(body, 'body')
  })

  test('interim responses come before the final one', async (t) => {
    const { connect } = await start(t, (_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.end('done')
    })
    const session = await connect()
    const stream = session.request({ ':path': '/' })
    const hints: number[] = []
    stream.on('headers', (headers) => hints.push(headers[':status'] ?? 0))
    assert.equal((await answerOf(stream)).body, 'done')
    assert.deepEqual(hints, [103])
  })

  test('HEAD and 304 have no body and keep their length', async (t) => {
    const { connect } = await start(t, (request, response) => {
      response.writeHead(request.url === '/304' ? 304 : 200, { 'Content-Length': '5' })
      response.end(request.method === 'HEAD' || request.url === '/304' ? undefined : 'hello')
    })
    const session = await connect()
    const head = await get(session, '/', { ':method': 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '5', ''])
    const unchanged = await get(session, '/304')
    assert.deepEqual([unchanged.status, unchanged.body], [304, ''])
  })

  test('an answer that breaks off is reset, and does not look complete', async (t) => {
    const { connect } = await start(t, (_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' })
      response.write('part')
      setTimeout(() => response.destroy(), 20)
    })
    const session = await connect()
    const stream = session.request({ ':path': '/' })
    stream.resume()
    await assert.rejects(once(stream, 'end'), { code: 'ERR_HTTP2_STREAM_ERROR' })
    assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
    assert.equal(session.destroyed, false)
  })

  test('an upload that the client resets never looks complete to the node', async (t) => {
    let received = 0
    let aborted = false
    let ended = false
    const { connect } = await start(t, (request) => {
      request.on('data', (piece) => {
        received += piece.length
      })
      request.on('end', () => {
        ended = true
      })
      request.on('aborted', () => {
        aborted = true
      })
      request.on('error', () => {})
    })
    const session = await connect()
    const stream = session.request({ ':method': 'POST', ':path': '/' })
    stream.on('error', () => {})
    stream.write('x'.repeat(100_000))
    await until('the node has some of it', () => received > 0)
    stream.destroy(new Error('not wanted any more'))
    await until('the request is aborted', () => aborted)
    assert.equal(ended, false)
  })

  test('an answer before the end of the upload arrives whole, and the upload ends', async (t) => {
    const { connect } = await start(t, (_, response) => response.end('enough'))
    const session = await connect()
    const stream = session.request({ ':method': 'POST', ':path': '/' })
    stream.write('x')
    const answered = answerOf(stream)
    const { status, body } = await answered
    assert.deepEqual([status, body], [200, 'enough'])
    assert.equal((await get(session, '/')).status, 200)
  })

  test('a slow reader does not stop the others of its connection', async (t) => {
    const { connect } = await start(t, (request, response) => {
      response.end(request.url === '/big' ? Buffer.alloc(5_000_000, 'b') : 'small')
    })
    const session = await connect()
    // Otherwise the slow stream alone uses up the window of the connection.
    session.setLocalWindowSize(10_000_000)
    const slow = session.request({ ':path': '/big' })
    slow.pause()
    await once(slow, 'response')
    for (let i = 0; i < 20; i++) assert.equal((await get(session, '/small')).body, 'small')
    const whole = answerOf(slow)
    slow.resume()
    assert.equal((await whole).body.length, 5_000_000)
  })

  test('what no node serves is answered by the proxy', async (t) => {
    const { connect } = await start(t, echo, { noContextStatus: 404 })
    const session = await connect()
    const { status, body } = await get(session, '/x', { ':method': 'INFO' })
    assert.equal(status, 501)
    assert.match(body, /MCMP_METHOD/)
  })

  test('a drain ends the connection when its streams have ended, and nothing is lost', async (t) => {
    const { connect, node, proxy } = await start(t, (request, response) => {
      if (request.url === '/slow') node.slow.push(response)
      else response.end('fast')
    })
    const session = await connect()
    const goaways: number[] = []
    session.on('goaway', (code, last) => goaways.push(code, last ?? -1))
    const slow = get(session, '/slow')
    await until('the node has the request', () => node.slow.length === 1)
    const drained = proxy.drain(5_000)
    await until('GOAWAY has come', () => goaways.length > 0)
    node.slow[0]?.end('late')
    assert.equal((await slow).body, 'late')
    await drained
    assert.equal(goaways[0], constants.NGHTTP2_NO_ERROR)
    assert.equal(proxy.connections, 0)
  })

  for (const isIdle of [true, false])
    test(`a proxy that is replaced serves a request on its way over a connection that ${isIdle ? 'is idle' : 'begins'}`, async (t) => {
      const { port, proxy } = await start(t, echo)
      const socket = net.connect(port, '127.0.0.1')
      t.after(() => socket.destroy())
      let received = Buffer.alloc(0)
      socket.on('data', (bytes) => {
        received = Buffer.concat([received, bytes])
      })
      const hello = Buffer.concat([preface, frame(4, 0, 0), frame(4, 1, 0)])
      const seen = (type: number) => framesIn(received).filter((each) => each.type === type)
      socket.write(isIdle ? hello : hello.subarray(0, preface.length))
      await until('our settings have come', () => seen(4).length > 0)
      if (isIdle) await until('they are acknowledged', () => seen(4).length > 1)
      const drained = proxy.drain(8_000, true)
      const request = block(
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
        [':authority', 'x'],
      )
      if (!isIdle) socket.write(hello.subarray(preface.length))
      await until('the first GOAWAY has come', () => seen(7).length === 1)
      socket.write(frame(1, 5, 1, request))
      await until('the response has come', () => seen(1).length === 1)
      const [ping] = seen(6)
      socket.write(frame(6, 1, 0, ping?.payload))
      await drained
      const lasts = seen(7).map(({ payload }) => payload.readUInt32BE(0))
      assert.deepEqual([lasts[0], lasts.at(-1)], [0x7fff_ffff, 1])
    })

  test('a WebSocket is a stream of its own', async (t) => {
    const server = createServer()
    server.on('upgrade', (request, socket: net.Socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Sec-WebSocket-Accept: ${acceptOf(String(request.headers['sec-websocket-key']))}\r\n\r\n`,
      )
      socket.on('data', (bytes) => socket.write(bytes))
      socket.on('end', () => socket.end('bye'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = await startProxy(t, [{ port: (server.address() as AddressInfo).port }])
    const session = http2.connect(`http://127.0.0.1:${port}`)
    t.after(() => session.destroy())
    await once(session, 'remoteSettings')
    assert.equal(session.remoteSettings.enableConnectProtocol, true)
    const stream = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/echo',
        'sec-websocket-version': '13',
      },
      { endStream: false },
    )
    const [headers] = await once(stream, 'response')
    assert.equal(headers[':status'], 200)
    assert.equal(headers['sec-websocket-accept'], undefined)
    let received = ''
    stream.on('data', (piece) => {
      received += piece
    })
    const sent = 'abc'.repeat(100_000)
    stream.write(sent)
    await until('all has come back', () => received.length === sent.length)
    stream.end()
    await once(stream, 'close')
    assert.equal(received, `${sent}bye`)
  })

  test('a WebSocket whose node ends gets a Close frame on its stream', async (t) => {
    const server = createServer()
    server.on('upgrade', (request, socket: net.Socket) => {
      const accept = acceptOf(String(request.headers['sec-websocket-key']))
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Sec-WebSocket-Accept: ${accept}\r\n\r\n\x81\x02hi`,
        'latin1',
        () => server.close(() => {}) && socket.destroy(),
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = await startProxy(t, [{ port: (server.address() as AddressInfo).port }])
    const session = http2.connect(`http://127.0.0.1:${port}`)
    t.after(() => session.destroy())
    await once(session, 'remoteSettings')
    const stream = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/',
        'sec-websocket-version': '13',
      },
      { endStream: false },
    )
    let received = ''
    stream.setEncoding('latin1').on('data', (piece: string) => {
      received += piece
    })
    await once(stream, 'end')
    assert.equal(received, '\x81\x02hi\x88\x02\x03\xe9')
    stream.end()
    await once(stream, 'close')
  })

  test('over TLS it is chosen by ALPN, and HTTP/1.1 is served beside it', {
    skip: noOpenssl,
  }, async (t) => {
    const { connect, port } = await start(t, echo, { tls: selfSigned() })
    const session = await connect()
    assert.equal(session.alpnProtocol, 'h2')
    const { headers } = await get(session, '/')
    assert.equal(JSON.parse(String(headers['x-seen']))['x-forwarded-proto'], 'https')
    const body = 'x'.repeat(1_000_000)
    assert.equal((await post(session, '/', body)).body, body)
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] ??= '0'
    assert.ok(port > 0)
  })

  test('with `http2: false` a preface is refused, and TLS offers HTTP/1.1 alone', async (t) => {
    const { port } = await start(t, echo, { http2: false })
    const socket = net.connect(port, '127.0.0.1')
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const [bytes] = await once(socket, 'data')
    assert.match(String(bytes), /^HTTP\/1\.1 400 /)
    socket.destroy()
  })
})

test('an address turns HTTP/2 off, or on, for itself alone', { skip: noOpenssl }, async (t) => {
  const offer = async (port: number): Promise<string | false | null> => {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: false,
    })
    t.after(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket.alpnProtocol
  }
  const given = { tls: selfSigned() }
  const off = await start(t, echo, { ...given, at: { http2: false } })
  assert.equal(await offer(off.port), 'http/1.1')
  const on = await start(t, echo, { ...given, http2: false, at: { http2: true } })
  assert.equal(await offer(on.port), 'h2')
  assert.equal((await get(await on.connect(), '/')).status, 200)
  const address = { host: '127.0.0.1', port: 0, tls: true as const }
  on.proxy.useListeners([{ ...address, http2: false }], given.tls, 1_000)
  assert.equal(await offer(on.port), 'http/1.1')
})

test('the sticky cookie of the proxy is set over HTTP/2, and keeps a client at its node', async (t) => {
  const names = ['a', 'b', 'c']
  const nodes = await Promise.all(
    names.map((name) => startNode(t, (_, response) => response.end(name))),
  )
  const sticky = [{ insert: { ...defaultInsert, when: 'always' as const } }]
  const { port } = await startProxy(
    t,
    nodes.map((node) => ({ port: node.port })),
    { sticky },
  )
  const session = http2.connect(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const first = await get(session, '/')
  const [line = ''] = first.headers['set-cookie'] ?? []
  const [cookie = ''] = line.split(';')
  assert.match(cookie, /^[^=]+=.+$/)
  // In a piece of its own, as browsers send cookies.
  for (let i = 0; i < 12; i++)
    assert.equal((await get(session, '/', { cookie: ['x=y', cookie] })).body, first.body)
})

describe('a client of HTTP/2 that attacks', () => {
  const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)])
  /** `GET /` with a field block of static entries and an authority. */
  const head = Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x01, 1]), Buffer.from('a')])

  /** Sends frames until the connection ends. @returns the code of GOAWAY. */
  async function attack(
    t: TestContext,
    frames: (i: number) => Buffer,
    handler: RequestListener = (_, response) => response.end('ok'),
  ) {
    const { port, proxy, connect, live } = await start(t, handler)
    const socket = net.connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    let received = Buffer.alloc(0)
    let isOver = false
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      isOver = true
    })
    socket.on('end', () => {
      isOver = true
    })
    socket.write(preface)
    for (let i = 0; i < 3_000 && !isOver; i++) {
      socket.write(frames(i))
      if (i % 50 === 49) await new Promise(setImmediate)
    }
    await until('the connection has ended', () => isOver)
    const honest = await connect()
    assert.equal((await get(honest, '/')).status, 200)
    assert.equal(proxy.counters.faults, 0)
    return { code: goawayOf(received), elected: live(1).elected, proxy }
  }

  /** The code of the last GOAWAY. */
  function goawayOf(bytes: Buffer): number | undefined {
    let code: number | undefined
    for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
      if (bytes[at + 3] === 7) code = bytes.readUInt32BE(at + 13)
    return code
  }

  const stream = (i: number): number => 2 * i + 1
  const calm = constants.NGHTTP2_ENHANCE_YOUR_CALM

  test('by resetting each stream at once is sent away, and no node is asked in vain', async (t) => {
    const { code, elected } = await attack(t, (i) =>
      Buffer.concat([frame(1, 5, stream(i), head), frame(3, 0, stream(i), uint32(8))]),
    )
    assert.equal(code, calm)
    assert.ok(elected <= 300, `${elected} requests reached the node`)
  })

  test('by making the proxy reset streams is sent away', async (t) => {
    const { code } = await attack(
      t,
      (i) =>
        Buffer.concat([
          frame(1, 4, stream(i), Buffer.concat([head, literalLength(1)])),
          frame(0, 1, stream(i), Buffer.from('more')),
        ]),
      (request, response) => request.resume().on('end', () => response.end()),
    )
    assert.equal(code, calm)
  })

  test('by one of the floods of control frames is sent away', async (t) => {
    for (const [what, frames] of [
      ['PING', () => frame(6, 0, 0, Buffer.alloc(8))],
      ['SETTINGS', () => frame(4, 0, 0)],
      ['PRIORITY', (i) => frame(2, 0, stream(i), Buffer.alloc(5))],
      ['unknown', () => frame(99, 0, 0)],
    ] as [string, (i: number) => Buffer][])
      assert.equal((await attack(t, frames)).code, calm, what)
  })

  test('by empty frames of DATA, or by CONTINUATION without end, is sent away', async (t) => {
    const data = await attack(
      t,
      (i) => (i === 0 ? frame(1, 4, 1, head) : frame(0, 0, 1)),
      (request, response) => request.resume().on('end', () => response.end('ok')),
    )
    assert.equal(data.code, calm)
    const continuation = await attack(t, (i) =>
      i === 0 ? frame(1, 0, 1, head) : frame(9, 0, 1, Buffer.from([0x82])),
    )
    assert.equal(continuation.code, calm)
  })
})

function literalLength(length: number): Buffer {
  const value = String(length)
  return Buffer.concat([Buffer.from([0x0f, 0x0d, value.length]), Buffer.from(value)])
}

import { createHash } from 'node:crypto'

const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

test('a client whose table becomes smaller gets the size first', async (t) => {
  const { port } = await start(t, echo)
  const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { headerTableSize: 0 } })
  session.on('error', () => {})
  t.after(() => session.destroy())
  for (let i = 0; i < 2; i++) assert.equal((await get(session, '/')).status, 200)
})
