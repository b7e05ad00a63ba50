// Nodes that speak HTTP/2 in the clear, asked for clients of HTTP/1.1 and HTTP/2: heads, bodies, trailers, resets, and the
// ends of connections.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { describe, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { answerOf, ask, connectHttp2 } from '../../support/http2-client.ts'
import { block, frame, uint32 } from '../../support/http2-frames.ts'
import { startFrameNode, startHttp2Node } from '../../support/http2-node.ts'
import { get, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

/** Answers with the head and body of the request. */
function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'x-seen': JSON.stringify(headers) })
    stream.end(Buffer.concat(pieces))
  })
}

const seenBy = (headers: NodeJS.Dict<string | string[]>): IncomingHttpHeaders =>
  JSON.parse(String(headers['x-seen'])) as IncomingHttpHeaders

const HEADERS = 1
const RST_STREAM = 3
const response = (stream: number, status: string, flags: number, more: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([frame(HEADERS, flags, stream, block([':status', status])), more])

describe('a request over HTTP/1.1', () => {
  test('reaches the node with pseudo-header fields and without those of the connection', async (t) => {
    const node = await startHttp2Node(t, echo)
    const { port } = await startProxy(t, [node])
    const answer = await get(port, '/a?b=c', {
      'X-One': '1',
      Connection: 'keep-alive, x-hop',
      'X-Hop': 'gone',
      Cookie: 'a=b; c=d',
    })
    assert.equal(answer.status, 200)
    const seen = seenBy(answer.headers)
    assert.equal(seen[':method'], 'GET')
    assert.equal(seen[':path'], '/a?b=c')
    assert.equal(seen[':scheme'], 'http')
    assert.equal(seen[':authority'], `127.0.0.1:${port}`)
    assert.equal(seen['x-one'], '1')
    assert.equal(seen.cookie, 'a=b; c=d')
    assert.equal(seen['x-forwarded-for'], '127.0.0.1')
    assert.equal(seen.via, '1.1 under-test')
    for (const name of ['host', 'connection', 'x-hop', 'te', 'transfer-encoding'])
      assert.equal(seen[name], undefined, name)
  })

  test('has a body by length or in chunks', async (t) => {
    const node = await startHttp2Node(t, echo)
    const { port } = await startProxy(t, [node])
    for (const isChunked of [false, true]) {
      const body = 'x'.repeat(700_000)
      const request = http.request({
        port,
        method: 'POST',
        headers: isChunked ? {} : { 'content-length': body.length },
      })
      request.write('x')
      request.end(body.slice(1))
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
      let text = ''
      for await (const piece of answer) text += piece
      assert.equal(text, body)
      const seen = seenBy(answer.headers)
      assert.equal(seen['content-length'], isChunked ? undefined : String(body.length))
    }
  })

  test('shares a connection with others', async (t) => {
    const waiting: ServerHttp2Stream[] = []
    const node = await startHttp2Node(t, (stream) => waiting.push(stream))
    const { port } = await startProxy(t, [node])
    const agent = new http.Agent({ keepAlive: false })
    const answers = Array.from({ length: 50 }, () => get(port, '/', {}, agent))
    await until('all have arrived', () => waiting.length === 50)
    for (const stream of waiting) {
      stream.respond({ ':status': 200 })
      stream.end('done')
    }
    for (const { status, text } of await Promise.all(answers))
      assert.deepEqual([status, text], [200, 'done'])
    assert.equal(node.opened(), 1)
  })

  test('gets interim responses, then trailers', async (t) => {
    const node = await startHttp2Node(t, (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
      stream.end('body')
    })
    const { port } = await startProxy(t, [node])
    const request = http.get({ port })
    const early = once(request, 'information')
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    let text = ''
    for await (const piece of answer) text += piece
    assert.equal(((await early)[0] as { statusCode: number }).statusCode, 103)
    assert.equal(text, 'body')
    assert.deepEqual(answer.trailers, { 'x-sum': '42' })
  })

  test('gets responses without a body', async (t) => {
    const node = await startHttp2Node(t, (stream, headers) => {
      const status = Number(String(headers[':path']).slice(1))
      stream.respond({ ':status': status, 'x-a': 'b' }, { endStream: true })
    })
    const { port } = await startProxy(t, [node])
    for (const status of [200, 204, 304, 404]) {
      const answer = await get(port, `/${status}`)
      assert.deepEqual([answer.status, answer.text, answer.headers['x-a']], [status, '', 'b'])
    }
    assert.equal(node.opened(), 1)
  })

  test('of the method HEAD keeps the length', async (t) => {
    const node = await startHttp2Node(t, (stream) =>
      stream.respond({ ':status': 200, 'content-length': '42' }, { endStream: true }),
    )
    const { port } = await startProxy(t, [node])
    const request = http.request({ port, method: 'HEAD' })
    request.end()
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    assert.equal(answer.headers['content-length'], '42')
  })

  test('gets a large response however slowly it reads, beside others', async (t) => {
    const size = 5_000_000
    const node = await startHttp2Node(t, (stream, headers) => {
      stream.respond({ ':status': 200 })
      stream.end(headers[':path'] === '/large' ? Buffer.alloc(size, 'x') : 'small')
    })
    const { port } = await startProxy(t, [node])
    const request = http.get({ port, path: '/large' })
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    answer.pause()
    for (let i = 0; i < 20; i++) assert.equal((await get(port, '/small')).text, 'small')
    let bytes = 0
    for await (const piece of answer) bytes += (piece as Buffer).length
    assert.equal(bytes, size)
    assert.equal(node.opened(), 1)
  })
})

describe('a request over HTTP/2', () => {
  for (const length of [{}, { 'content-length': '500000' }])
    test(`gets trailers behind a body ${'content-length' in length ? 'with' : 'without'} a length, however slowly it reads`, async (t) => {
      const size = 500_000
      const node = await startHttp2Node(t, (stream) => {
        stream.respond({ ':status': 200, ...length }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
        stream.end(Buffer.alloc(size, 'x'))
      })
      const { port, proxy } = await startProxy(t, [node])
      const session = await connectHttp2(t, port)
      const stream = session.request({ ':path': '/', te: 'trailers' })
      const trailers = once(stream, 'trailers')
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
      assert.equal(headers['content-length'], length['content-length'])
      stream.pause()
      const other = await ask(await connectHttp2(t, port), { ':path': '/', te: 'trailers' })
      assert.equal(other.body.length, size)
      let bytes = 0
      for await (const piece of stream) bytes += (piece as Buffer).length
      assert.equal(bytes, size)
      const [sum] = (await trailers) as [IncomingHttpHeaders]
      assert.equal(sum['x-sum'], '42')
      assert.equal(proxy.counters.faults, 0)
    })

  test('passes with body and trailers in both directions', async (t) => {
    const node = await startHttp2Node(t, (stream, headers) => {
      let [body, sum] = ['', '']
      stream.on('data', (piece) => {
        body += piece
      })
      stream.on('trailers', (fields) => {
        sum = String(fields['x-sum'])
      })
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'x-te': String(headers['te']) }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-back': sum }))
        stream.end(body)
      })
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const stream = session.request(
      { ':method': 'POST', ':path': '/', te: 'trailers' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }))
    stream.end('hello')
    const answer = await answerOf(stream)
    assert.equal(answer.body, 'hello')
    assert.equal(answer.trailers['x-back'], '7')
    assert.equal(answer.headers['x-te'], 'trailers')
  })

  test('sends messages both ways before either side has ended', async (t) => {
    const node = await startHttp2Node(t, (stream) => {
      stream.respond({ ':status': 200 })
      stream.on('data', (piece) => stream.write(`got ${piece};`))
      stream.on('end', () => stream.end('bye'))
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const stream = session.request({ ':method': 'POST', ':path': '/' })
    let text = ''
    stream.on('data', (piece) => {
      text += piece
    })
    await once(stream, 'response')
    for (let i = 1; i <= 3; i++) {
      stream.write(`${i}`)
      await until('it is answered', () => text.endsWith(`got ${i};`))
    }
    stream.end()
    await once(stream, 'close')
    assert.equal(text, 'got 1;got 2;got 3;bye')
  })

  test('that is reset resets the stream of the node, and spares its connection', async (t) => {
    const codes: number[] = []
    const node = await startHttp2Node(t, (stream, headers) => {
      if (headers[':path'] === '/')
        return void stream.respond({ ':status': 200 }, { endStream: true })
      stream.on('close', () => codes.push(stream.rstCode))
      if (headers[':path'] === '/begun') stream.respond({ ':status': 200 })
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    await ask(session, { ':path': '/' })
    const silent = session.request({ ':path': '/silent' })
    silent.on('error', () => {})
    const begun = session.request({ ':path': '/begun' })
    begun.on('error', () => {})
    await once(begun, 'response')
    silent.close(8)
    begun.close(8)
    await until('both are reset', () => codes.length === 2)
    assert.deepEqual(codes, [8, 8])
    assert.equal((await ask(session, { ':path': '/' })).status, 200)
    assert.equal(node.opened(), 1)
  })

  test('and one to a node of HTTP/1.1 share a client connection', async (t) => {
    const node = await startHttp2Node(t, echo)
    const old = await startNode(t, (_, answer) => answer.end('old'))
    const { port } = await startProxy(t, [node, { port: old.port }], {
      candidacy: ['byRandom'],
    })
    const session = await connectHttp2(t, port)
    const bodies = new Set<string>()
    for (let i = 0; i < 60; i++)
      bodies.add((await ask(session, { ':method': 'POST', ':path': '/' }, 'new')).body)
    assert.deepEqual([...bodies].sort(), ['new', 'old'])
  })

  test('uploads more than any window', async (t) => {
    const node = await startHttp2Node(t, echo)
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const body = Buffer.alloc(3_000_000, 'y')
    const answer = await ask(session, { ':method': 'POST', ':path': '/' }, body)
    assert.equal(answer.body.length, body.length)
  })
})

describe('what a node refuses is asked again', () => {
  const countOf = (seen: readonly { type: number }[], type: number) =>
    seen.filter((frame) => frame.type === type).length

  test('of any method, when GOAWAY excludes its stream', async (t) => {
    let isFirst = true
    const node = await startFrameNode(t, ({ type, stream }) => {
      if (type !== HEADERS) return undefined
      if (!isFirst) return response(stream, '200', 5)
      isFirst = false
      return frame(7, 0, 0, Buffer.concat([uint32(0), uint32(0)]))
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const answer = await ask(session, { ':method': 'POST', ':path': '/' }, 'body')
    assert.equal(answer.status, 200)
    assert.equal(node.sockets.length, 2)
    assert.equal(countOf(node.seen, HEADERS), 2)
  })

  test('of any method, when it is refused with REFUSED_STREAM', async (t) => {
    let refused = 0
    const node = await startFrameNode(t, ({ type, stream }) => {
      if (type !== HEADERS) return undefined
      if (refused++ === 0) return frame(RST_STREAM, 0, stream, uint32(7))
      return response(stream, '200', 5)
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const answer = await ask(session, { ':method': 'POST', ':path': '/' }, 'body')
    assert.equal(answer.status, 200)
  })

  test('but only once it may have been processed, when it is idempotent', async (t) => {
    for (const [method, status, times] of [
      ['POST', 502, 1],
      ['PUT', 502, 2],
    ] as const) {
      const node = await startFrameNode(t, ({ type, stream }) =>
        type === HEADERS ? frame(RST_STREAM, 0, stream, uint32(2)) : undefined,
      )
      const { port } = await startProxy(t, [node, { ...node, route: 'other' }])
      const session = await connectHttp2(t, port)
      const answer = await ask(session, { ':method': method, ':path': '/' }, 'body')
      assert.equal(answer.status, status, method)
      assert.equal(countOf(node.seen, HEADERS), times, method)
    }
  })

  test('as often as connections end, however small the budget for retries is', async (t) => {
    const node = await startFrameNode(t, ({ type, stream }) => {
      if (type !== HEADERS) return undefined
      if (stream < 5) return response(stream, '200', 5)
      return frame(7, 0, 0, Buffer.concat([uint32(3), uint32(0)]))
    })
    const { port } = await startProxy(t, [node], { retryBudget: 0 })
    const session = await connectHttp2(t, port)
    for (let i = 0; i < 30; i++) {
      const answer = await ask(session, { ':method': 'POST', ':path': '/' }, 'body')
      assert.equal(answer.status, 200)
    }
    assert.ok(node.sockets.length >= 15)
  })

  test('and a connection with GOAWAY still answers the streams that it has', async (t) => {
    const waiting: ServerHttp2Stream[] = []
    const node = await startHttp2Node(t, (stream, headers) => {
      if (headers[':path'] === '/slow') waiting.push(stream)
      else {
        stream.respond({ ':status': 200 })
        stream.end('new')
      }
    })
    const { port } = await startProxy(t, [node])
    const slow = get(port, '/slow')
    await until('it has arrived', () => waiting.length === 1)
    node.sessions[0]?.close()
    assert.equal((await get(port, '/')).text, 'new')
    assert.equal(node.opened(), 2)
    waiting[0]?.respond({ ':status': 200 })
    waiting[0]?.end('slow')
    assert.equal((await slow).text, 'slow')
  })
})

describe('a node', () => {
  test('that is lost in the middle of a response cuts that response', async (t) => {
    const node = await startHttp2Node(t, (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('half')
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const stream = session.request({ ':path': '/' })
    const answer = answerOf(stream)
    await once(stream, 'response')
    for (const each of [...node.sessions]) each.destroy()
    assert.equal((await answer).code, 2)
  })

  test('that speaks HTTP/1.1 only is down', async (t) => {
    const node = await startNode(t)
    const { port, live } = await startProxy(t, [{ port: node.port, type: 'h2c' }])
    assert.equal((await get(port)).status, 503)
    const { health } = live(1)
    assert.equal(health.kind, 'down')
  })

  test('that allows few streams has a connection for as many more', async (t) => {
    const waiting: ServerHttp2Stream[] = []
    const node = await startHttp2Node(t, (stream) => waiting.push(stream), {
      settings: { maxConcurrentStreams: 4 },
    })
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    const answers = Array.from({ length: 20 }, () => ask(session, { ':path': '/' }))
    await until('all have arrived', () => waiting.length === 20)
    for (const stream of waiting) stream.respond({ ':status': 200 }, { endStream: true })
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
    assert.equal(node.opened(), 5)
  })

  test('with a table of 0 bytes gets the size first', async (t) => {
    const node = await startHttp2Node(t, echo, { settings: { headerTableSize: 0 } })
    const { port } = await startProxy(t, [node])
    assert.equal((await get(port, '/a')).status, 200)
    assert.equal((await get(port, '/b')).status, 200)
    assert.equal(node.opened(), 1)
  })
})
