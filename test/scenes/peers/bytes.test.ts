// Connections of a joined server that are read by us first: what is served here and what goes to a peer on one
// connection, and that the server, its application and its clients see what they would see without us.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { handOverLimits } from '../../../src/base/limits.ts'
import { MessageView } from '../../../src/peer/hand-over/request-views.ts'
import { interceptConnections } from '../../../src/peer/raw/intake.ts'
import { type PeerServer, startPeerServer } from '../../support/peer-server.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

/** Says who served what: `first PUT /here hello`. */
const says =
  (name: string): RequestListener =>
  (req, res) => {
    const pieces: Buffer[] = []
    req.on('data', (piece) => pieces.push(piece))
    req.on('end', () => res.end(`${name} ${req.method} ${req.url} ${Buffer.concat(pieces)}`))
  }

/** The first serves `/here...` itself and hands everything else over to the second. */
async function pair(
  t: TestContext,
  first: RequestListener = says('first'),
  second: RequestListener = says('second'),
): Promise<readonly [PeerServer, PeerServer]> {
  const [a, b] = [await startPeerServer(t, first), await startPeerServer(t, second)]
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  a.choice = ({ target }) => (target.startsWith('/here') ? { mode: 'here' } : undefined)
  return [a, b]
}

const chunked = (method: string, target: string, ...chunks: string[]): string =>
  request(method, target, 'Transfer-Encoding: chunked') +
  [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')

const expected = (method: string, target: string, body: string): string =>
  `${target.startsWith('/here') ? 'first' : 'second'} ${method} ${target} ${body}`

/** Takes connections, and cuts each once its request has come. */
async function cutter(t: TestContext): Promise<{ host: string; port: number }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const requests = (server: Server): { count: number } => {
  const told = { count: 0 }
  server.on('request', () => {
    told.count++
  })
  return told
}

test('requests of one connection are served here and by a peer, and each is decided once', async (t) => {
  const [a] = await pair(t)
  const emitted = requests(a.server)
  const { choice } = a
  let decisions = 0
  a.choice = (view) => {
    decisions++
    return choice?.(view)
  }
  const client = await RawClient.connect(t, a.port)
  for (const target of ['/', '/here', '/here', '/', '/', '/here']) {
    for (const [method, bytes, body] of [
      ['GET', get(target), ''],
      ['POST', post(target, 'hello'), 'hello'],
      ['PUT', chunked('PUT', target, 'one', ' and two'), 'one and two'],
    ] as const) {
      const answer = await client.ask(bytes)
      assert.equal(answer.body.toString(), expected(method, target, body))
    }
  }
  assert.equal(decisions, 18)
  assert.equal(a.handOver.counts.here, 9)
  assert.equal(a.handOver.counts.handed, 9)
  assert.equal(emitted.count, 9, 'the server heard of what it served, and of nothing else')
  assert.equal(a.handOver.underWay.count, 0)
})

test('a stream of requests is read the same however it is split', async (t) => {
  const [a] = await pair(t)
  const one = fc
    .tuple(fc.constantFrom('/', '/here'), fc.constantFrom('get', 'post', 'chunked'))
    .map(([target, kind]) => {
      if (kind === 'get') return [get(target), expected('GET', target, '')] as const
      if (kind === 'post') return [post(target, 'abc'), expected('POST', target, 'abc')] as const
      return [chunked('PUT', target, 'ab', 'c'), expected('PUT', target, 'abc')] as const
    })
  const property = fc.asyncProperty(
    fc.array(one, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(600), { maxLength: 6 }),
    async (list, cuts) => {
      const client = await RawClient.connect(t, a.port)
      const stream = list.map(([bytes]) => bytes).join('')
      const places = [...cuts.map((cut) => cut % stream.length), stream.length]
      let from = 0
      for (const to of places.sort((x, y) => x - y)) {
        client.send(stream.slice(from, to))
        from = to
        // Each piece shall come by itself.
        await new Promise((resolve) => setImmediate(resolve))
      }
      for (const [, answer] of list) {
        assert.equal((await client.answer())?.body.toString(), answer)
      }
      client.socket.destroy()
    },
  )
  await fc.assert(property, { numRuns: 60 })
  // And every place once.
  const stream = get('/') + post('/here', 'abc') + chunked('PUT', '/', 'abc') + get('/here')
  for (let cut = 1; cut < stream.length; cut++) {
    const client = await RawClient.connect(t, a.port)
    client.send(stream.slice(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.send(stream.slice(cut))
    const bodies: (string | undefined)[] = []
    for (let i = 0; i < 4; i++) bodies.push((await client.answer())?.body.toString())
    assert.deepEqual(bodies, [
      'second GET / ',
      'first POST /here abc',
      'second PUT / abc',
      'first GET /here ',
    ])
    client.socket.destroy()
  }
})

test('a handler that does not read its body stops the client, and gets the whole body later', async (t) => {
  let begin: (() => void) | undefined
  const [a] = await pair(t, (req, res) => {
    let length = 0
    begin = () => req.on('data', (piece) => (length += piece.length))
    req.on('end', () => res.end(`${length}`))
  })
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  const body = randomBytes(20_000_000)
  client.send(request('PUT', '/here', `Content-Length: ${body.length}`))
  client.send(body)
  await until('the handler has it', () => begin !== undefined)
  let left = -1
  await until('nothing moves any more', () => {
    const before = left
    left = client.socket.writableLength
    return before === left && left > 0
  })
  begin?.()
  assert.equal((await client.answer())?.body.toString(), `${body.length}`)
  assert.equal((await client.ask(get('/'))).body.toString(), 'second GET / ')
})

test('a large response from here reaches a client that reads slowly', async (t) => {
  const large = randomBytes(5_000_000)
  const [a] = await pair(t, (_, res) => res.end(large))
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  client.socket.pause()
  client.send(get('/here'))
  await until('it waits for the client', () => a.handOver.counts.here === 1)
  client.socket.resume()
  assert.ok((await client.answer())?.body.equals(large))
})

test('Expect, HTTP/1.0 and HEAD are served here as without peers', async (t) => {
  const [a] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  client.send(request('POST', '/here', 'Expect: 100-continue', 'Content-Length: 3'))
  assert.equal((await client.answer())?.status, 100)
  client.send('abc')
  assert.equal((await client.answer())?.body.toString(), 'first POST /here abc')
  assert.equal((await client.ask(request('HEAD', '/here'))).body.length, 0)
  client.send('GET /here HTTP/1.0\r\n\r\n')
  assert.equal((await client.answer())?.body.toString(), 'first GET /here ')
  await client.over()
})

test('an upgrade that is served here gets all bytes, with backpressure', async (t) => {
  const [a] = await pair(t)
  const early = randomBytes(1_000)
  const late = randomBytes(30_000_000)
  let length = 0
  let taken: Socket | undefined
  a.server.on('upgrade', (_, socket, head) => {
    taken = socket as Socket
    length = head.length
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    socket.on('data', (piece) => (length += piece.length))
    socket.pause()
  })
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  const head = Buffer.from(request('GET', '/here', 'Connection: Upgrade', 'Upgrade: x'))
  client.send(Buffer.concat([head, early]))
  client.send(late)
  await until(
    'the client has to wait',
    () => taken !== undefined && client.socket.writableLength > 0,
  )
  taken?.resume()
  await until('all has come', () => length === early.length + late.length)
})

test('an invalid request gets the response of Node.js, and clientError is emitted', async (t) => {
  const [a] = await pair(t)
  const codes: (string | undefined)[] = []
  a.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    codes.push(error.code)
    socket.end('HTTP/1.1 400 Bad Request\r\nX-Mine: yes\r\nConnection: close\r\n\r\n')
  })
  for (const before of [[], [get('/')], [get('/here')], [get('/'), get('/here')]]) {
    const client = await RawClient.connect(t, a.port)
    for (const bytes of before) assert.equal((await client.ask(bytes)).status, 200)
    client.send('no request at all\r\n\r\n')
    const answer = await client.answer()
    assert.equal(answer?.status, 400)
    assert.ok(answer.fields.some(([name]) => name.toLowerCase() === 'x-mine'))
    await client.over()
  }
  assert.deepEqual(codes, Array(4).fill('HPE_INVALID_METHOD'))
  a.server.removeAllListeners('clientError')
  const client = await RawClient.connect(t, a.port)
  client.send(`${chunked('POST', '/', 'abc').slice(0, -5)}no size\r\n`)
  assert.equal((await client.answer())?.status, 400)
})

test('when a peer breaks off, a chunked PUT is served here with its body, and so is the request after it', async (t) => {
  const [a] = await pair(t)
  a.prefers = [await cutter(t)]
  const client = await RawClient.connect(t, a.port)
  client.send(chunked('PUT', '/', 'one', 'two') + get('/here') + get('/'))
  for (const body of ['first PUT / onetwo', 'first GET /here ', 'first GET / ']) {
    assert.equal((await client.answer())?.body.toString(), body)
  }
  assert.equal((await client.ask(post('/', 'abc'))).status, 502)
  assert.equal(a.handOver.counts.cameBack, 2)
  assert.equal(a.handOver.underWay.count, 0)
})

test('a body that is still arriving when its request comes back arrives whole', async (t) => {
  const [a] = await pair(t)
  let sent = ''
  const silent = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (piece) => (sent += piece))
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  a.prefers = [{ host: '127.0.0.1', port: (silent.address() as AddressInfo).port }]
  const client = await RawClient.connect(t, a.port)
  client.send(`${request('PUT', '/', 'Content-Length: 9')}one`)
  await until('it is under way', () => a.handOver.underWay.count === 1)
  client.send('two')
  await until('the peer has so much of it', () => sent.endsWith('onetwo'))
  a.handOver.underWay.abandonPeer(1)
  client.send('end')
  assert.equal((await client.answer())?.body.toString(), 'first PUT / onetwoend')
})

test('server.close ends idle connections, and none with a request under way', async (t) => {
  let answer: (() => void) | undefined
  const [a] = await pair(t, undefined, (req, res) => {
    if (req.url === '/slow') answer = () => res.end('late')
    else res.end()
  })
  const idle = [await RawClient.connect(t, a.port), await RawClient.connect(t, a.port)]
  const [busy, other] = [await RawClient.connect(t, a.port), await RawClient.connect(t, a.port)]
  for (const client of [...idle, other, busy]) await client.ask(get('/'))
  await idle[1]?.ask(get('/here'))
  // Its parser is Node.js's, and idle, while a peer is at work on the next request.
  await busy.ask(get('/here'))
  busy.send(get('/slow'))
  await until('the peer has it', () => answer !== undefined)
  const closed = once(a.server, 'close')
  a.server.close()
  for (const client of [...idle, other]) await client.over()
  assert.ok(!busy.ended)
  answer?.()
  assert.equal((await busy.answer())?.body.toString(), 'late')
  busy.socket.end()
  await closed
})

test('server.closeIdleConnections spares connections that only look idle to its parser', async (t) => {
  const [a, b] = await pair(t)
  b.server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    socket.pipe(socket)
  })
  let accepted: Socket | undefined
  a.server.once('connection', (socket) => {
    accepted = socket
  })
  const begun = await RawClient.connect(t, a.port)
  await begun.ask(get('/here'))
  begun.send('GET / HT')
  const sent = get('/here').length + 'GET / HT'.length
  await until('the beginning has come', () => accepted?.bytesRead === sent)
  const tunnel = await RawClient.connect(t, a.port)
  await tunnel.ask(get('/here'))
  tunnel.send(request('GET', '/', 'Connection: Upgrade', 'Upgrade: x'))
  assert.equal((await tunnel.answer())?.status, 101)
  a.server.closeIdleConnections()
  begun.send('TP/1.1\r\nHost: app.test\r\n\r\n')
  assert.equal((await begun.answer())?.body.toString(), 'second GET / ')
  tunnel.send('echo')
  await until('it comes back', () => tunnel.text.endsWith('echo'))
})

test('a tunnel lasts past server.timeout, and until both sides have ended', async (t) => {
  const [a, b] = await pair(t)
  a.server.timeout = 50
  let end: (() => void) | undefined
  b.server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    socket.resume()
    socket.on('end', () => {
      end = () => socket.end('goodbye')
    })
  })
  for (const before of [[], [get('/here')]]) {
    const client = await RawClient.connect(t, a.port)
    for (const bytes of before) await client.ask(bytes)
    client.send(request('GET', '/', 'Connection: Upgrade', 'Upgrade: x'))
    assert.equal((await client.answer())?.status, 101)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(!client.closed)
    client.socket.end()
    await until('the peer knows', () => end !== undefined)
    end?.()
    end = undefined
    await client.over()
    assert.ok(client.text.endsWith('goodbye'))
  }
})

test('server.closeAllConnections cuts requests that a peer is answering', async (t) => {
  let asked = false
  const [a] = await pair(t, undefined, () => {
    asked = true
  })
  const client = await RawClient.connect(t, a.port)
  client.send(get('/'))
  await until('the peer has it', () => asked)
  a.server.closeAllConnections()
  await client.over()
  await until('nothing is left', () => a.handOver.underWay.count === 0)
})

test('keepAliveTimeout and headersTimeout apply to connections that the server has not parsed', async (t) => {
  const [a] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  a.server.keepAliveTimeout = 1
  await client.ask(get('/'))
  await client.over()
  a.server.headersTimeout = 100
  const late = await RawClient.connect(t, a.port)
  late.send('GET / HT')
  assert.equal((await late.answer())?.status, 408)
  const codes: (string | undefined)[] = []
  a.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    codes.push(error.code)
    socket.destroy()
  })
  const other = await RawClient.connect(t, a.port)
  other.send('GET / HT')
  await other.over()
  assert.deepEqual(codes, ['ERR_HTTP_REQUEST_TIMEOUT'])
})

test('the next request may take longer than keepAliveTimeout once it has begun', async (t) => {
  const [a] = await pair(t)
  a.server.keepAliveTimeout = 50
  let accepted: Socket | undefined
  a.server.once('connection', (socket) => {
    accepted = socket
  })
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/here'))
  await until('the server waits for the next', () => (accepted?.timeout ?? 0) > 0)
  client.send('GET / HT')
  await until('it waits no longer', () => accepted?.timeout === 0)
  client.send('TP/1.1\r\nHost: app.test\r\n\r\n')
  assert.equal((await client.answer())?.body.toString(), 'second GET / ')
})

test('server.timeout ends a connection on which nothing moves', async (t) => {
  const [a] = await pair(t, undefined, () => {})
  a.server.timeout = 100
  const client = await RawClient.connect(t, a.port)
  client.send(get('/'))
  await client.over()
  const told = once(a.server, 'timeout')
  const other = await RawClient.connect(t, a.port)
  other.send(get('/'))
  const [socket] = await told
  socket.destroy()
  await other.over()
})

test("the application's connection listeners get every socket, and its bytes if they listen", async (t) => {
  const server = createServer()
  const order: string[] = []
  server.prependListener('connection', () => order.push('before'))
  server.on('connection', () => order.push('behind'))
  const a = await startPeerServer(t, says('first'), { server })
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  assert.deepEqual(order, ['before', 'behind'])
  let seen = ''
  server.on('connection', (socket) => socket.on('data', (piece: Buffer) => (seen += piece)))
  const other = await RawClient.connect(t, a.port)
  a.prefers = [{ host: '127.0.0.1', port: (await startPeerServer(t, says('second'))).port }]
  a.choice = ({ target }) => (target === '/here' ? { mode: 'here' } : undefined)
  const asked = [get('/'), post('/here', 'abc'), post('/', 'abc'), get('/here')]
  for (const bytes of asked) await other.ask(bytes)
  assert.equal(seen, asked.join(''))
})

test('a handler that takes the connection over gets the bytes that follow', async (t) => {
  let seen = ''
  const [a] = await pair(t, (_, res) => {
    const { socket } = res
    assert.ok(socket)
    res.detachSocket(socket)
    socket.removeAllListeners('data')
    socket.on('data', (piece: Buffer) => (seen += piece))
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  await client.ask(get('/here'))
  client.send(get('/'))
  await until('the handler has it', () => seen === get('/'))
  assert.equal(a.handOver.counts.handed, 1)
})

test('the server gets a connection whose requests are all served here, and still hands over', async (t) => {
  const [a] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  const many = handOverLimits.hereInARowMax + 10
  for (let i = 0; i < many; i++) await client.ask(i % 2 === 0 ? get('/here') : post('/here', 'x'))
  assert.equal(a.handOver.counts.here, many)
  const { choice } = a
  let parser = ''
  a.choice = (view) => {
    parser = view instanceof MessageView ? 'of the server' : 'ours'
    return choice?.(view)
  }
  assert.equal((await client.ask(get('/'))).body.toString(), 'second GET / ')
  assert.equal(parser, 'of the server')
  const large = 'x'.repeat(300_000)
  const answer = await client.ask(post('/here', large))
  assert.equal(answer.body.toString(), `first POST /here ${large}`)
  assert.equal((await client.ask(post('/', 'abc'))).body.toString(), 'second POST / abc')
})

test('connections continue with the server when nothing is handed over any more', async (t) => {
  const server = createServer()
  const before = server.listeners('connection')
  const a = await startPeerServer(t, says('first'), { server, way: 'events' })
  const b = await startPeerServer(t, says('second'))
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  a.choice = ({ target }) => (target.startsWith('/here') ? { mode: 'here' } : undefined)
  const giveBack = interceptConnections(server, a.handOver)
  assert.notDeepEqual(server.listeners('connection'), before)
  const clients = [await RawClient.connect(t, a.port), await RawClient.connect(t, a.port)]
  const fresh = await RawClient.connect(t, a.port)
  const begun = await RawClient.connect(t, a.port)
  for (const client of clients) await client.ask(get('/'))
  await clients[0]?.ask(get('/here'))
  begun.send('GET /here HT')
  await until('all are taken', () => server.listenerCount('connection') === 1)
  giveBack()
  assert.deepEqual(server.listeners('connection'), before)
  begun.send('TP/1.1\r\nHost: app.test\r\n\r\n')
  assert.equal((await begun.answer())?.body.toString(), 'first GET /here ')
  for (const client of [...clients, fresh]) {
    assert.equal((await client.ask(get('/here'))).body.toString(), 'first GET /here ')
    assert.equal((await client.ask(get('/'))).body.toString(), 'second GET / ')
  }
})

test('a server that has got its connections back can close, and ends none with a request under way', async (t) => {
  let answer: (() => void) | undefined
  const server = createServer()
  const { closeIdleConnections } = server
  const a = await startPeerServer(t, says('first'), { server, way: 'events' })
  const b = await startPeerServer(t, (_, res) => {
    answer = () => res.end('second')
  })
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  a.choice = ({ target }) => (target.startsWith('/here') ? { mode: 'here' } : undefined)
  const giveBack = interceptConnections(server, a.handOver)
  const clients: RawClient[] = []
  let accepted: Socket | undefined
  server.on('connection', (socket) => {
    accepted = socket
  })
  for (let i = 0; i < 3; i++) {
    const client = await RawClient.connect(t, a.port)
    client.send(get('/'))
    await until('the peer has it', () => answer !== undefined)
    // The last one is still under way when the connections go back.
    if (i === 2) break
    answer?.()
    assert.equal((await client.answer())?.status, 200)
    answer = undefined
    clients.push(client)
    if (i === 0) continue
    client.send('GET /here HT')
    await until('it has begun', () => accepted?.bytesRead === get('/').length + 12)
  }
  giveBack()
  answer?.()
  await until('all are given back', () => a.handOver.underWay.count === 0)
  const closed = once(server, 'close')
  server.close()
  await clients[0]?.over()
  clients[1]?.send('TP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n')
  assert.equal((await clients[1]?.answer())?.body.toString(), 'first GET /here ')
  await closed
  assert.equal(server.closeIdleConnections, closeIdleConnections)
})

test('keepAliveTimeout applies again to an idle connection that the server has got back', async (t) => {
  const server = createServer((req, res) => {
    req.resume()
    if (req.url === '/here/slow') setTimeout(() => res.end('slow'), 1_500)
  })
  server.keepAliveTimeout = 1
  const a = await startPeerServer(t, () => {}, { server, way: 'events' })
  const b = await startPeerServer(t, says('second'))
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  a.choice = ({ target }) => (target.startsWith('/here') ? { mode: 'here' } : undefined)
  server.on('request', (req, res) => {
    if (req.url === '/here') res.end('first')
  })
  const giveBack = interceptConnections(server, a.handOver)
  const clients = [await RawClient.connect(t, a.port), await RawClient.connect(t, a.port)]
  for (const client of clients) {
    await client.ask(get('/here'))
    await client.ask(get('/'))
  }
  giveBack()
  assert.equal((await clients[1]?.ask(get('/here/slow')))?.body.toString(), 'slow')
  for (const client of clients) await client.over()
})

test('a client that does not end after its last response does not keep the server from closing', async (t) => {
  const server = createServer()
  const timeouts = { lingerMs: 50 }
  const a = await startPeerServer(t, says('first'), { server, way: 'events', timeouts })
  const b = await startPeerServer(t, (_, res) => res.end('early'))
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  const giveBack = interceptConnections(server, a.handOver)
  const client = await RawClient.connect(t, a.port)
  client.send(`${request('POST', '/', 'Content-Length: 9')}abc`)
  assert.equal((await client.answer())?.body.toString(), 'early')
  await client.over()
  a.traffic.ticker.stop()
  giveBack()
  const closed = once(server, 'close')
  server.close()
  await closed
})

test('connections are not intercepted where another listener takes them or requests are counted', async (t) => {
  const server = createServer()
  const [own] = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket) => Reflect.apply(own as () => void, server, [socket]))
  const wrapped = server.listeners('connection')
  const a = await startPeerServer(t, says('first'), { server })
  assert.deepEqual(server.listeners('connection'), wrapped)
  const b = await startPeerServer(t, says('second'))
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  const client = await RawClient.connect(t, a.port)
  assert.equal((await client.ask(get('/'))).body.toString(), 'second GET / ')
  b.server.maxRequestsPerSocket = 1
  const counted = await RawClient.connect(t, b.port)
  const answer = await counted.ask(get('/'))
  assert.equal(new Map(answer.fields).get('connection'), 'close')
})
