// Requests that one HTTP server hands over to another: what the client, the application and Node.js see.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryLog } from '../../support/memory-log.ts'
import { get as getFrom } from '../../support/node-server.ts'
import {
  type PeerServer,
  type PeerServerOptions,
  startPeerServer,
} from '../../support/peer-server.ts'
import { type Answer, get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

/** Says who served, and what it saw. */
const says =
  (name: string): RequestListener =>
  (req, res) => {
    const hash = createHash('sha256')
    let length = 0
    req.on('data', (piece: Buffer) => {
      hash.update(piece)
      length += piece.length
    })
    req.on('end', () => {
      const { remoteAddress, remotePort } = req.socket
      res.setHeader('X-Served-By', name)
      res.setHeader('Content-Type', 'application/json')
      const seen = { name, method: req.method, url: req.url, remoteAddress, remotePort }
      res.end(
        JSON.stringify({
          ...seen,
          encrypted: 'encrypted' in req.socket && req.socket.encrypted,
          length,
          body: hash.digest('hex'),
          headers: req.headers,
          raw: req.rawHeaders,
        }),
      )
    })
  }

interface Seen {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly encrypted: boolean
  readonly length: number
  readonly body: string
  readonly headers: Record<string, string>
  readonly raw: readonly string[]
}

const seen = (text: string): Seen => JSON.parse(text)
const at = (peer: { port: number }): { host: string; port: number } => ({
  host: '127.0.0.1',
  port: peer.port,
})
const sha = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The first hands everything over to the second. */
async function pair(
  t: TestContext,
  first: RequestListener = says('first'),
  second: RequestListener = says('second'),
  options: PeerServerOptions = {},
): Promise<readonly [PeerServer, PeerServer]> {
  const a = await startPeerServer(t, first, options)
  const b = await startPeerServer(t, second, options)
  a.prefers = [at(b)]
  return [a, b]
}

test('a peer serves the request, and its application sees the client itself', async (t) => {
  const [a, b] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  for (const path of ['/one?x=1', '/two']) {
    const answer = await client.ask(get(path, 'X-Mine: yes'))
    assert.equal(answer.status, 200)
    const told = seen(answer.body.toString())
    assert.equal(told.name, 'second')
    assert.equal(told.url, path)
    assert.equal(told.remoteAddress, '127.0.0.1')
    assert.equal(told.remotePort, client.socket.localPort)
    assert.equal(told.encrypted, false)
    assert.equal(told.headers['x-mine'], 'yes')
    assert.equal(told.headers['x-forwarded-for'], '127.0.0.1')
    assert.equal(told.headers['topspin-handed-over'], undefined)
    assert.doesNotMatch(told.raw.join(), /handed/i)
  }
  assert.deepEqual(a.handOver.counts, { ...b.handOver.counts, handed: 2, received: 0 })
  assert.equal(b.handOver.counts.received, 2)
})

test('without another candidate the server serves the request itself and shows its own client', async (t) => {
  const a = await startPeerServer(t, says('first'))
  const client = await RawClient.connect(t, a.port)
  const told = seen((await client.ask(get('/'))).body.toString())
  assert.equal(told.name, 'first')
  assert.equal(told.remotePort, client.socket.localPort)
  assert.equal(a.handOver.counts.here, 1)
})

test('bodies of any framing arrive whole', async (t) => {
  const [a] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  const small = seen((await client.ask(post('/', 'hello'))).body.toString())
  assert.deepEqual([small.name, small.method, small.length], ['second', 'POST', 5])
  const chunked = request('POST', '/', 'Transfer-Encoding: chunked')
  const told = seen(
    (await client.ask(`${chunked}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`)).body.toString(),
  )
  assert.deepEqual([told.name, told.body], ['second', sha('abcdefg')])
  const none = request('POST', '/', 'Transfer-Encoding: chunked')
  assert.equal(seen((await client.ask(`${none}0\r\n\r\n`)).body.toString()).length, 0)
  const large = randomBytes(3_000_000)
  client.send(request('POST', '/', `Content-Length: ${large.length}`))
  const answer = await client.ask(large)
  assert.equal(seen(answer.body.toString()).body, sha(large))
})

test('large responses in either framing reach clients that read slowly', async (t) => {
  const large = randomBytes(8_000_000)
  const [a] = await pair(t, says('first'), (req, res) => {
    if (req.url === '/length') res.setHeader('Content-Length', large.length)
    res.end(large)
  })
  for (const path of ['/length', '/chunked']) {
    const body = await new Promise<Buffer>((resolve, reject) => {
      httpRequest({ port: a.port, path }, (response) => {
        const parts: Buffer[] = []
        response.pause()
        setTimeout(() => response.resume(), 100)
        response.on('data', (piece) => parts.push(piece))
        response.on('end', () => resolve(Buffer.concat(parts)))
      })
        .on('error', reject)
        .end()
    })
    assert.equal(sha(body), sha(large))
  }
})

test('pipelined requests are answered in order, here and by a peer', async (t) => {
  const [a] = await pair(t, says('first'), (req, res) => {
    setTimeout(() => res.end(`second ${req.url}`), req.url === '/1' ? 60 : 0)
  })
  const far = a.prefers
  a.choice = ({ target }) => (target === '/2' || far.length === 0 ? { mode: 'here' } : undefined)
  const client = await RawClient.connect(t, a.port)
  client.send(get('/1') + get('/2') + get('/3') + post('/4', 'body') + get('/2'))
  const bodies: string[] = []
  for (let i = 0; i < 5; i++) bodies.push((await client.answer())?.body.toString() ?? '')
  const names = bodies.map((body) => (body.startsWith('{') ? `first ${seen(body).url}` : body))
  assert.deepEqual(names, ['second /1', 'first /2', 'second /3', 'second /4', 'first /2'])
})

for (const way of ['bytes', 'events'] as const) {
  test(`a request is not executed here before the one ahead of it has been answered by a peer (${way})`, async (t) => {
    const executed: string[] = []
    const [a] = await pair(
      t,
      (req, res) => {
        executed.push(`first ${req.url}`)
        req.resume().on('end', () => res.end())
      },
      (req, res) => {
        executed.push(`second ${req.url}`)
        req.resume().on('end', () => setTimeout(() => res.end(), 20))
      },
      { way },
    )
    a.choice = ({ target }) => (target.startsWith('/here') ? { mode: 'here' } : undefined)
    for (const ahead of [
      get('/'),
      post('/', 'body'),
      `${request('POST', '/', 'Transfer-Encoding: chunked')}4\r\nbody\r\n0\r\n\r\n`,
      // Node.js parses this one: the connection is not read by us any more.
      `${get('/here') + request('POST', '/', 'Content-Length: 1')}1`,
    ]) {
      executed.length = 0
      const stream = ahead + get('/here/1') + post('/', 'x') + post('/here/2', 'y')
      const count = stream.split('HTTP/1.1').length - 1
      const client = await RawClient.connect(t, a.port)
      client.send(stream)
      for (let i = 0; i < count; i++) assert.equal((await client.answer())?.status, 200)
      assert.deepEqual(executed.slice(-4), [
        'second /',
        'first /here/1',
        'second /',
        'first /here/2',
      ])
      client.socket.destroy()
    }
  })

  test(`what would reach a peer in another shape is served here (${way})`, async (t) => {
    const names: string[] = []
    const shows =
      (name: string): RequestListener =>
      (req, res) => {
        names.push(name)
        res.end(JSON.stringify([req.httpVersion, req.url, req.headers.host]))
      }
    const [a] = await pair(t, shows('first'), shows('second'), { way })
    const ask = async (bytes: string): Promise<Answer | undefined> => {
      names.length = 0
      const client = await RawClient.connect(t, a.port)
      client.send(bytes)
      const answer = await client.answer()
      client.socket.destroy()
      return answer
    }
    assert.equal((await ask(get('/')))?.status, 200)
    assert.deepEqual(names, ['second'])
    const host = 'Host: app.test\r\n'
    for (const target of ['http://other.test/a?b', 'HTTP://other.test', 'http://other.test?x=1']) {
      for (const line of [
        `GET ${target} HTTP/1.1\r\n`,
        `POST ${target} HTTP/1.1\r\nContent-Length: 0\r\n`,
      ]) {
        const answer = await ask(`${line}${host}\r\n`)
        assert.deepEqual(names, ['first'], line)
        assert.deepEqual(JSON.parse(`${answer?.body}`), ['1.1', target, 'app.test'])
      }
    }
    for (const version of ['1.2', '1.9']) {
      assert.equal((await ask(`GET / HTTP/${version}\r\n${host}\r\n`))?.status, 400)
      assert.deepEqual(names, [], version)
    }
  })

  test(`a peer gets the fields as the application here would (${way})`, async (t) => {
    const shows: RequestListener = (req, res) => res.end(JSON.stringify(req.headers))
    const [a] = await pair(t, says('first'), shows, { way })
    const client = await RawClient.connect(t, a.port)
    const answer = await client.ask(get('/', 'X_Real_IP: 1', 'X-Real-IP: 2', 'X_Forwarded_For: 3'))
    const fields = JSON.parse(`${answer.body}`)
    assert.deepEqual(
      [fields['x_real_ip'], fields['x-real-ip'], fields['x_forwarded_for']],
      ['1', '2', '3'],
    )
  })

  test(`a head that would grow too long for a peer is served here (${way})`, async (t) => {
    const [a, b] = await pair(t, says('first'), says('second'), { way })
    for (const [length, name] of [
      [7_000, 'second'],
      [15_800, 'first'],
    ] as const) {
      const client = await RawClient.connect(t, a.port)
      const half = 'x'.repeat(length / 2)
      const answer = await client.ask(get('/', `A: ${half}`, `B: ${half}`))
      assert.equal(seen(`${answer.body}`).name, name)
    }
    assert.equal(b.handOver.counts.received, 1)
  })
}

test('HEAD, 204, 304, interim responses and HTTP/1.0 pass unchanged', async (t) => {
  const [a] = await pair(t, says('first'), (req, res) => {
    if (req.url === '/204') res.writeHead(204).end()
    else if (req.url === '/304') res.writeHead(304, { ETag: '"x"' }).end()
    else if (req.url === '/hints') {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
      res.end('late')
    } else res.end('text')
  })
  const client = await RawClient.connect(t, a.port)
  const head = await client.ask(request('HEAD', '/'))
  assert.equal(head.body.length, 0)
  assert.equal((await client.ask(get('/204'))).status, 204)
  assert.equal((await client.ask(get('/304'))).status, 304)
  client.send(get('/hints'))
  assert.equal((await client.answer())?.status, 103)
  assert.equal((await client.answer())?.body.toString(), 'late')
  assert.equal((await client.ask(get('/'))).body.toString(), 'text')
  const old = await RawClient.connect(t, a.port)
  old.send('GET / HTTP/1.0\r\n\r\n')
  assert.equal((await old.answer())?.body.toString(), 'text')
  await old.over()
})

test('a client that asks for the end of the connection gets it', async (t) => {
  const [a] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  const answer = await client.ask(get('/', 'Connection: close'))
  assert.equal(seen(answer.body.toString()).name, 'second')
  await client.over()
})

test('Expect: 100-continue is answered where the request is served', async (t) => {
  const [a, b] = await pair(t)
  const client = await RawClient.connect(t, a.port)
  client.send(request('POST', '/', 'Expect: 100-continue', 'Content-Length: 3'))
  assert.equal((await client.answer())?.status, 100)
  client.send('abc')
  assert.equal(seen((await client.answer())?.body.toString() ?? '').name, 'second')
  a.server.on('checkContinue', says('never'))
  b.server.on('checkContinue', (_, res) => res.writeHead(413).end())
  client.send(request('POST', '/', 'Expect: 100-continue', 'Content-Length: 3'))
  assert.equal((await client.answer())?.status, 413)
})

test('the response emits its end to listeners, and the server can close', async (t) => {
  const [a] = await pair(t, undefined, undefined, { way: 'events' })
  const heard: string[] = []
  const { emit } = a.server
  a.server.emit = function (this: unknown, event: string, ...args: unknown[]) {
    if (event === 'request') {
      const [, res] = args as Parameters<RequestListener>
      res.on('finish', () => heard.push(`finish ${res.statusCode} ${res.headersSent}`))
      res.on('close', () => heard.push('close'))
    }
    return Reflect.apply(emit, this, [event, ...args])
  } as typeof emit
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  await until('both were heard', () => heard.length === 2)
  assert.deepEqual(heard, ['finish 200 true', 'close'])
  const closed = once(a.server, 'close')
  a.server.close()
  await closed
})

for (const way of ['bytes', 'events'] as const) {
  for (const begun of [false, true]) {
    const when = begun ? 'during a quiet response' : 'before the response'
    test(`a client that leaves ${when} ends the exchange, and its peer has not failed (${way})`, async (t) => {
      const leaves: ((client: RawClient) => void)[] = [
        (client) => void client.socket.end(),
        (client) => void client.socket.destroy(),
        (client) => client.reset(),
      ]
      let [arrived, closed] = [0, 0]
      const quiet: RequestListener = (_, res) => {
        arrived++
        res.on('close', () => closed++)
        if (begun) res.write('part')
      }
      const [a] = await pair(t, says('first'), quiet, { way })
      for (const [index, leave] of leaves.entries()) {
        const client = await RawClient.connect(t, a.port)
        client.send(get('/'))
        await until('the peer has the request', () => arrived === index + 1)
        if (begun) await until('the response has begun', () => client.text.includes('part'))
        leave(client)
        await until('the request has ended at the peer', () => closed === index + 1, 5_000)
      }
      const live = a.handOver.policy.application.candidates[0]?.live
      assert.deepEqual([live?.failures, live?.health.kind, live?.inFlight], [0, 'up', 0])
    })
  }
}

test('a response that a peer breaks off is cut visibly', async (t) => {
  const [a] = await pair(t, says('first'), (_, res) => {
    res.writeHead(200, { 'Content-Length': 100 })
    res.write('half')
    setTimeout(() => res.destroy(), 20)
  })
  const client = await RawClient.connect(t, a.port)
  client.send(get('/'))
  await client.over()
  assert.match(client.text, /half$/)
})

async function nobody(): Promise<{ host: string; port: number }> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { host: '127.0.0.1', port }
}

/** Takes connections and requests, and cuts each once its request has begun. */
async function cutter(t: TestContext): Promise<{ host: string; port: number; requests: number }> {
  const server = createServer((req) => {
    told.requests++
    req.on('data', () => {})
    setTimeout(() => req.socket.destroy(), 10)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const told = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, requests: 0 }
  return told
}

test('a peer that cannot be reached is passed over, for any method', async (t) => {
  const [a, b] = await pair(t)
  const gone = await nobody()
  const client = await RawClient.connect(t, a.port)
  for (const others of [[gone, at(b)], [gone]]) {
    a.prefers = others
    const server = others.length > 1 ? 'second' : 'first'
    assert.equal(seen((await client.ask(get('/'))).body.toString()).name, server)
    const told = seen((await client.ask(post('/', 'hello'))).body.toString())
    assert.deepEqual([told.name, told.length], [server, 5])
    client.send(request('POST', '/', 'Content-Length: 400000'))
    const large = seen((await client.ask('x'.repeat(400_000))).body.toString())
    assert.deepEqual([large.name, large.length], [server, 400_000])
  }
})

test('when a peer breaks off, GET and small PUT are served here and POST is not executed again', async (t) => {
  let posts = 0
  const [a] = await pair(t, (req, res) => {
    if (req.method === 'POST') posts++
    says('first')(req, res)
  })
  const bad = await cutter(t)
  a.prefers = [bad]
  const client = await RawClient.connect(t, a.port)
  assert.equal(seen((await client.ask(get('/'))).body.toString()).name, 'first')
  const put = request('PUT', '/', 'Content-Length: 5')
  const told = seen((await client.ask(`${put}hello`)).body.toString())
  assert.deepEqual([told.name, told.body], ['first', sha('hello')])
  assert.equal((await client.ask(post('/', 'hello'))).status, 502)
  assert.equal(posts, 0)
  assert.equal(bad.requests, 3)
})

test('when a peer does not answer in time, GET is served here and POST gets 504', async (t) => {
  const [a] = await pair(t, says('first'), () => {}, { timeouts: { responseHeadMs: 200 } })
  const client = await RawClient.connect(t, a.port)
  assert.equal(seen((await client.ask(get('/'))).body.toString()).name, 'first')
  assert.equal((await client.ask(post('/', 'hello'))).status, 504)
})

test('two peers that each prefer the other do not send a request round', async (t) => {
  const [a, b] = await pair(t)
  b.prefers = [at(a)]
  assert.equal(seen((await getFrom(a.port)).text).name, 'second')
  assert.equal(seen((await getFrom(b.port)).text).name, 'first')
})

test('peers that refuse the marks of each other, or one with several names, do not send a request round', async (t) => {
  const peers = await Promise.all(
    ['a', 'b', 'c'].map((name) => startPeerServer(t, says(name), { acceptFrom: [] })),
  )
  const [a, b, c] = peers as [PeerServer, PeerServer, PeerServer]
  a.prefers = [at(b)]
  b.prefers = [at(c)]
  c.prefers = [at(a)]
  assert.equal(seen((await getFrom(a.port)).text).name, 'b')
  assert.equal(c.handOver.counts.handed, 0)
  a.prefers = [{ host: 'localhost', port: a.port }]
  assert.equal(seen((await getFrom(a.port)).text).name, 'a')
  const own = await startPeerServer(t, says('own'))
  own.prefers = [{ host: 'localhost', port: own.port }]
  assert.equal(seen((await getFrom(own.port)).text).name, 'own')
  assert.equal(own.handOver.counts.received, 1)
})

test('with a key only signed marks are accepted, and a forged one is removed', async (t) => {
  const [a, b] = await pair(t, undefined, undefined, { key: 'secret of all peers' })
  const forged = 'Topspin-Handed-Over: for="203.0.113.9:1";proto=https;at=1'
  const told = seen(
    (await (await RawClient.connect(t, a.port)).ask(get('/', forged))).body.toString(),
  )
  assert.equal(told.name, 'first')
  assert.equal(told.remoteAddress, '127.0.0.1')
  const straight = await (await RawClient.connect(t, b.port)).ask(get('/', forged))
  const direct = seen(straight.body.toString())
  assert.equal(direct.remoteAddress, '127.0.0.1')
  assert.doesNotMatch(JSON.stringify(direct), /203\.0\.113|handed/i)
  assert.equal(b.handOver.counts.refusedMarks, 1)
})

test('a request whose mark is not accepted is served there, after one hop, and logged once', async (t) => {
  const log = memoryLog()
  const options = { acceptFrom: ['192.0.2.1'], log }
  const [a, b, c] = await Promise.all(
    ['a', 'b', 'c'].map((name) => startPeerServer(t, says(name), options)),
  )
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  a.prefers = [at(b)]
  b.prefers = [at(c)]
  c.prefers = [at(a)]
  const client = await RawClient.connect(t, a.port)
  for (let i = 0; i < 10; i++) {
    const told = seen((await client.ask(get('/'))).body.toString())
    assert.equal(told.name, 'b')
    assert.doesNotMatch(told.raw.join(), /handed/i)
  }
  const { handed, here, refusedMarks } = b.handOver.counts
  assert.deepEqual([handed, here, refusedMarks, c.handOver.counts.here], [0, 10, 10, 0])
  assert.deepEqual(log.messages, ['hand-over not accepted as one: the request is served here'])
  const reason = 'it is not signed, and no peer announces this address'
  assert.deepEqual(log.details, [{ from: '127.0.0.1', reason, soFar: 1 }])
})

test('the timeout of idle connections is the one of the server, but for connections of peers', async (t) => {
  const server = createServer()
  server.keepAliveTimeout = 700
  const timeouts: (number | undefined)[] = []
  const [a, b] = [
    await startPeerServer(t, says('a')),
    await startPeerServer(t, says('b'), { server }),
  ]
  a.prefers = [at(b)]
  server.on('request', ({ socket }, response) => {
    response.once('close', () => setImmediate(() => timeouts.push(socket.timeout)))
  })
  const own = await RawClient.connect(t, b.port)
  await own.ask(get('/'))
  await until('the connection is idle', () => timeouts.length === 1)
  const client = await RawClient.connect(t, a.port)
  await client.ask(get('/'))
  await until('the connection of the peer is idle', () => timeouts.length === 2)
  assert.equal(server.keepAliveTimeout, 700)
  assert.ok((timeouts[0] ?? 0) < 2_000, `${timeouts[0]}`)
  assert.ok((timeouts[1] ?? 0) >= 60_000, `${timeouts[1]}`)
})

test('a connection that peers have used shows its own client again after that', async (t) => {
  const b = await startPeerServer(t, says('b'))
  const client = await RawClient.connect(t, b.port)
  const mark = 'Topspin-Handed-Over: for="[2001:db8::1]:777";proto=https;at=1'
  const told = seen((await client.ask(get('/', mark))).body.toString())
  assert.deepEqual(
    [told.remoteAddress, told.remotePort, told.encrypted],
    ['2001:db8::1', 777, true],
  )
  const after = seen((await client.ask(get('/'))).body.toString())
  assert.equal(after.remoteAddress, '127.0.0.1')
  assert.equal(after.remotePort, client.socket.localPort)
  assert.equal(after.encrypted, false)
})

test('a redirect is 302 for GET and HEAD and 307 for other methods', async (t) => {
  const a = await startPeerServer(t, says('first'))
  a.choice = ({ target }) => ({ mode: 'redirect', location: `http://other.test${target}` })
  const client = await RawClient.connect(t, a.port)
  for (const [method, status] of [
    ['GET', 302],
    ['HEAD', 302],
    ['DELETE', 307],
  ] as const) {
    const answer = await client.ask(request(method, '/x?y'))
    assert.equal(answer.status, status)
    assert.equal(new Map(answer.fields).get('location'), 'http://other.test/x?y')
  }
  assert.equal((await client.ask(post('/x', 'body'))).status, 307)
  assert.equal((await client.ask(get('/x'))).status, 302)
})

test('an upgrade is handed over as a tunnel, and comes back when no peer can be reached', async (t) => {
  const [a, b] = await pair(t)
  for (const [peer, name] of [
    [a, 'first'],
    [b, 'second'],
  ] as const) {
    peer.server.on('upgrade', (req, socket, head) => {
      const from = `${req.socket.remotePort}`
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
      )
      socket.write(`${name} ${from};`)
      socket.write(head)
      socket.on('data', (piece) => socket.write(piece))
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
    })
  }
  for (const [others, name] of [
    [[at(b)], 'second'],
    [[await nobody()], 'first'],
  ] as const) {
    a.prefers = others
    const socket = connect(a.port, '127.0.0.1')
    t.after(() => socket.destroy())
    let text = ''
    socket.on('data', (piece) => {
      text += piece
    })
    socket.write(`${request('GET', '/', 'Connection: Upgrade', 'Upgrade: echo')}early`)
    await until('the early bytes are back', () => text.endsWith('early'))
    socket.write(' and late')
    await until('the late bytes are back', () => text.endsWith(' and late'))
    assert.match(text, new RegExp(`^HTTP/1.1 101 [^]*${name} ${socket.localPort};early and late$`))
    const ended = once(socket, 'end')
    socket.end()
    await ended
  }
  assert.equal(a.handOver.counts.cameBack, 1)
  assert.equal(a.handOver.underWay.count, 0)
})

for (const way of ['bytes', 'events'] as const) {
  test(`a tunnel to a forgotten peer is cut (${way})`, async (t) => {
    const [a, b] = await pair(t, undefined, undefined, { way })
    b.server.on('upgrade', (_req, socket) => {
      socket.on('error', () => {})
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello',
      )
    })
    // Without such a listener Node.js takes the upgrade for a plain request.
    a.server.on('upgrade', () => {})
    const client = await RawClient.connect(t, a.port)
    client.send(request('GET', '/', 'Connection: Upgrade', 'Upgrade: echo'))
    await until('the tunnel stands', () => client.bytes.includes('hello'))
    const [candidate] = a.handOver.policy.application.candidates
    assert.ok(candidate !== undefined)
    assert.equal(candidate.live.room.inHand, 0)
    a.handOver.underWay.cutPeer(candidate.node.id + 1)
    await nextTurn()
    assert.equal(client.closed, false)
    a.handOver.underWay.cutPeer(candidate.node.id)
    await until('the client is disconnected', () => client.closed || client.ended)
  })

  test(`an upgrade that a peer has answered wrongly is not executed here as well (${way})`, async (t) => {
    const [a, b] = await pair(t, undefined, undefined, { way })
    let executed = 0
    for (const { server } of [a, b]) {
      server.on('upgrade', (_req, socket) => {
        executed++
        socket.on('error', () => {})
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        )
      })
    }
    const client = await RawClient.connect(t, a.port)
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    client.send(request('GET', '/', ...fields, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='))
    await until('the client has an answer', () => client.bytes.includes('\r\n\r\n'))
    assert.match(client.bytes.toString(), /^HTTP\/1\.1 502 /)
    assert.equal(executed, 1)
    assert.equal(a.handOver.counts.cameBack, 0)
  })
}

test('a thousand requests that were handed over or came back leave nothing behind', async (t) => {
  const [a, b] = await pair(t)
  const far = at(b)
  const gone = await nobody()
  const client = await RawClient.connect(t, a.port)
  for (let i = 0; i < 1_000; i++) {
    a.prefers = i % 3 === 0 ? [gone] : [far]
    const answer = await client.ask(i % 2 === 0 ? get('/') : post('/', 'words'))
    assert.equal(answer.status, 200)
  }
  assert.equal(a.handOver.underWay.count, 0)
  assert.equal(a.handOver.counts.handed, 1_000)
  assert.equal(a.handOver.counts.cameBack, 334)
  // One connection was enough for all that one client asked.
  assert.equal(a.traffic.pools.open, 1)
})
