// Rules that compress the bodies of responses, for every protocol of clients and nodes.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type ServerResponse } from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, createGunzip, gunzipSync, gzipSync } from 'node:zlib'
import { rawAjp, startAjpOrigin } from '../../support/ajp-origin.ts'
import { endResponse, sendBody, sendHeaders } from '../../support/ajp-packets.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { frontOf, handlerOf, node } from '../../support/embedded.ts'
import { ask, connectHttp2 } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { startNode } from '../../support/node-server.ts'
import { get, RawClient, request as requestText } from '../../support/raw-client.ts'
import { settingsOf, startRules } from '../../support/rules-fixture.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const page = 'Topspin compresses what is compressible. '.repeat(200)
const rule = 'routes: [{ compress: true }]'

type Fields = Readonly<Record<string, string>>

/** Answers with the page, by length, and with the fields that the query names; `chunked`, `close`: framed so. */
function answerPage(url: string, response: ServerResponse): void {
  const query = new URLSearchParams(url.split('?')[1] ?? '')
  const status = Number(query.get('status') ?? 200)
  const body = page.slice(0, Number(query.get('size') ?? page.length))
  const framing = query.get('framing') ?? 'length'
  const fields = [...query].filter(([name]) => !['status', 'size', 'framing'].includes(name))
  response.statusCode = status
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.setHeader('ETag', '"abc"')
  response.setHeader('Accept-Ranges', 'bytes')
  for (const [name, value] of fields) response.setHeader(name, value)
  if (framing === 'length') response.setHeader('Content-Length', body.length)
  if (framing === 'close') response.shouldKeepAlive = false
  if (framing !== 'length') response.write(body.slice(0, 10))
  response.end(framing === 'length' ? body : body.slice(10))
}

const target = (fields: Fields): string => `/?${new URLSearchParams(fields)}`

function decoded(coding: string | undefined, body: Buffer): string {
  if (coding === undefined) return body.toString('latin1')
  const plain = coding === 'br' ? brotliDecompressSync(body) : gunzipSync(body)
  return plain.toString('latin1')
}

test('a body is compressed as the client prefers, over HTTP/1.1, HTTP/2 and HTTP/1.0', async (t) => {
  const { port: at } = await startNode(t, (asked, response) =>
    answerPage(asked.url ?? '', response),
  )
  const { port, proxy } = await startRules(t, `to: ["127.0.0.1:${at}"]\n${rule}`)
  const client = await RawClient.connect(t, port)
  const session = await connectHttp2(t, port)
  const accepted: readonly (readonly [accepts: string, coding: string | undefined])[] = [
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['deflate', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.5, identity', undefined],
  ]
  for (const framing of ['length', 'chunked', 'close']) {
    for (const [accepts, coding] of accepted) {
      const path = target({ framing })
      const plain = await client.ask(get(path, `Accept-Encoding: ${accepts}`))
      const what = `${framing} ${accepts}`
      assert.equal(plain.get('content-encoding'), coding, what)
      assert.equal(plain.get('vary'), 'Accept-Encoding', what)
      assert.equal(plain.get('etag'), coding === undefined ? '"abc"' : 'W/"abc"', what)
      const ranges = plain.get('accept-ranges')
      assert.equal(ranges, coding === undefined ? 'bytes' : undefined, what)
      assert.equal(decoded(coding, Buffer.from(plain.body)), page, what)
      if (coding !== undefined) {
        assert.ok(plain.body.length < page.length / 4, what)
        assert.equal(plain.get('transfer-encoding'), 'chunked', what)
        assert.equal(plain.get('content-length'), undefined, what)
      }
      const framed = await ask(session, { ':path': path, 'accept-encoding': accepts })
      assert.equal(framed.headers['content-encoding'], coding, what)
      assert.equal(framed.headers['vary'], 'Accept-Encoding', what)
      assert.equal(decoded(coding, Buffer.from(framed.body, 'latin1')), page, what)
    }
  }
  const old = await RawClient.connect(t, port)
  const answer = await old.ask('GET / HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  assert.equal(answer.get('content-encoding'), undefined)
  assert.equal(answer.body.toString('latin1'), page)
  const counts = proxy.counters
  assert.equal(counts.compressions, 24)
  assert.equal(counts.uncompressedBytes, 24 * page.length)
  assert.ok(counts.compressedBytes < counts.uncompressedBytes / 4)
})

test('what is coded, short, partial, unchangeable or of another type stays as it is', async (t) => {
  const { port: at } = await startNode(t, (asked, response) =>
    answerPage(asked.url ?? '', response),
  )
  const { port } = await startRules(t, `to: ["127.0.0.1:${at}"]\n${rule}`)
  const client = await RawClient.connect(t, port)
  const asIs: readonly Fields[] = [
    { 'Content-Encoding': 'zstd' },
    { 'Cache-Control': 'public, No-Transform' },
    { 'Content-Type': 'image/png' },
    { 'Content-Type': 'text/event-stream', framing: 'chunked' },
    { 'Content-Type': '' },
    { 'Content-Digest': 'sha-256=:AAAA:' },
    { status: '206', 'Content-Range': 'bytes 0-9/20' },
    { size: '1023' },
    { Trailer: 'X-Sum', framing: 'chunked' },
  ]
  for (const fields of asIs) {
    const got = await client.ask(get(target(fields), 'Accept-Encoding: gzip, br'))
    const what = JSON.stringify(fields)
    assert.equal(got.get('content-encoding'), fields['Content-Encoding'], what)
    assert.equal(got.get('vary'), undefined, what)
    assert.equal(got.get('etag'), '"abc"', what)
    assert.equal(
      got.body.toString('latin1'),
      page.slice(0, Number(fields['size'] ?? page.length)),
      what,
    )
  }
  const short = await client.ask(get(target({ size: '1024' }), 'Accept-Encoding: gzip'))
  assert.equal(short.get('content-encoding'), 'gzip')
  const kept = await client.ask(get('/', 'Accept-Encoding: gzip', 'Cache-Control: no-transform'))
  assert.equal(kept.get('content-encoding'), undefined)
  const head = await client.ask(requestText('HEAD', '/', 'Accept-Encoding: gzip'))
  assert.equal(head.get('content-length'), undefined)
  assert.equal(head.get('content-encoding'), 'gzip')
  assert.equal(head.get('etag'), 'W/"abc"')
  assert.equal(head.get('vary'), 'Accept-Encoding')
  const varied = await client.ask(get(target({ Vary: 'Origin' }), 'Accept-Encoding: gzip'))
  assert.equal(varied.get('vary'), 'Origin, Accept-Encoding')
  const starred = await client.ask(
    get(target({ Vary: '*', ETag: 'W/"x"' }), 'Accept-Encoding: gzip'),
  )
  assert.equal(starred.get('vary'), '*')
  assert.equal(starred.get('etag'), 'W/"x"')
})

test('a rule names types, encodings and the least size, and explains what it does', async (t) => {
  const { port: at } = await startNode(t, (asked, response) =>
    answerPage(asked.url ?? '', response),
  )
  const { port, proxy } = await startRules(
    t,
    `to: ["127.0.0.1:${at}"]
routes: [{ compress: { types: [image/png, text/event-stream], encodings: gzip, minSize: 10 } }]`,
  )
  const client = await RawClient.connect(t, port)
  const codingOf = async (type: string, size: string): Promise<string | undefined> => {
    const path = target({ 'Content-Type': type, size })
    return (await client.ask(get(path, 'Accept-Encoding: gzip, br'))).get('content-encoding')
  }
  assert.equal(await codingOf('image/png', '10'), 'gzip')
  assert.equal(await codingOf('image/png', '9'), undefined)
  assert.equal(await codingOf('text/event-stream', '10'), 'gzip')
  assert.equal(await codingOf('text/html', '100'), undefined)
  const question = { target: '/', host: 'a', cookie: '', client: '::1' }
  assert.deepEqual(proxy.explain(question).rule?.did, [
    'rule 1 compresses responses, for clients that accept gzip',
  ])
  const asking = { ...question, headers: ['Accept-Encoding: br, gzip'] }
  assert.deepEqual(proxy.explain(asking).rule?.did, [
    'rule 1 compresses the response by gzip if its type is compressible and it has at least 10 bytes',
  ])
})

for (const length of [undefined, 'one two three four'.length])
  test(`what a node sends piece by piece ${length === undefined ? 'in chunks' : 'with a length'} arrives piece by piece`, async (t) => {
    let answering: ServerResponse | undefined
    const { port: at } = await startNode(t, (_, response) => {
      answering = response.setHeader('Content-Type', 'text/plain')
      if (length !== undefined) response.setHeader('Content-Length', length)
      response.write('one ')
    })
    const { port } = await startRules(
      t,
      `to: ["127.0.0.1:${at}"]\nroutes: [{ compress: { minSize: 1 } }]`,
    )
    const asked = request({ host: '127.0.0.1', port, headers: { 'accept-encoding': 'gzip' } }).end()
    const [response] = await once(asked, 'response')
    let text = ''
    response.pipe(createGunzip()).on('data', (piece: Buffer) => {
      text += piece
    })
    for (const word of ['two ', 'three ', 'four']) {
      const before = text.length
      await until('the piece before has arrived', () => text.endsWith(' '))
      answering?.write(word)
      await until('the piece has arrived', () => text.length > before)
    }
    answering?.end()
    await until('all has arrived', () => text === 'one two three four')
  })

test('a node is read no faster than the client reads, and a response that breaks is cut', async (t) => {
  const whole = randomBytes(48 * 1024 * 1024).toString('base64')
  let isDone = false
  const { server, port: at } = await startNode(t, (asked, response) => {
    response.setHeader('Content-Type', 'text/plain')
    if (asked.url === '/break') {
      response.write(page)
      setImmediate(() => asked.socket.destroy())
      return
    }
    response.setHeader('Content-Length', whole.length)
    response.end(whole, () => {
      isDone = true
    })
  })
  const { port, proxy } = await startRules(t, `to: ["127.0.0.1:${at}"]\n${rule}`)
  const socket = net.connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.pause().write(get('/', 'Accept-Encoding: gzip'))
  let last = -1
  let same = 0
  await until('the proxy reads no more', () => {
    same = proxy.counters.uncompressedBytes === last ? same + 1 : 0
    last = proxy.counters.uncompressedBytes
    return last > 0 && same > 200
  })
  assert.equal(isDone, false)
  assert.ok(last < whole.length / 2, `${last} bytes were read`)
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece)).resume()
  const end = Buffer.from('\r\n0\r\n\r\n')
  await until(
    'all has arrived',
    () => pieces.at(-1)?.subarray(-end.length).equals(end) === true,
    120_000,
  )
  assert.equal(proxy.counters.uncompressedBytes, whole.length)

  const client = await RawClient.connect(t, port)
  client.send(get('/break', 'Accept-Encoding: gzip'))
  await client.over()
  assert.match(client.text, /Content-Encoding: gzip/)
  assert.ok(!client.text.endsWith('0\r\n\r\n'))
  // One that leaves early takes the compressor and the connection to the node along.
  const leaving = await RawClient.connect(t, port)
  leaving.send(get('/', 'Accept-Encoding: gzip'))
  await until('the response has begun', () => leaving.bytes.length > 1_000)
  leaving.reset()
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
  await until('the node is left', async () => (await connections()) === 0)
})

test('nodes of HTTP/2 and AJP, and the handler in a program of Node.js', async (t) => {
  const second = await startHttp2Node(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    stream.end(page)
  })
  const h2 = await startRules(t, `to: ["h2c://127.0.0.1:${second.port}"]\n${rule}`)
  const ajp = await startAjpOrigin(t)
  const { routes } = await settingsOf(rule)
  const packed = await startProxy(t, [{ type: 'ajp', port: ajp.port }], { routes })
  const plain = await node(t, 'a', (asked, response) => answerPage(asked.url ?? '', response))
  const front = await frontOf(t, handlerOf(t, { to: [plain], routes: [{ compress: true }] }))
  // A packet of AJP has the whole head of the request, and so the answer that this one names.
  const short = page.slice(0, 2_000)
  const answer = Buffer.concat([
    sendHeaders(200, [['Content-Type', 'text/plain']]),
    sendBody(short.slice(0, 1_000)),
    sendBody(short.slice(1_000)),
    endResponse(),
  ])
  const paths: readonly (readonly [port: number, path: string, body: string])[] = [
    [h2.port, '/', page],
    [packed.port, rawAjp(answer), short],
    [Number(front.split(':')[1]), '/', page],
    [Number(front.split(':')[1]), target({ framing: 'chunked' }), page],
  ]
  for (const [port, path, body] of paths) {
    const client = await RawClient.connect(t, port)
    for (const coding of ['br', 'gzip']) {
      const got = await client.ask(get(path, `Accept-Encoding: ${coding}`))
      assert.equal(got.get('content-encoding'), coding, path)
      assert.equal(decoded(coding, Buffer.from(got.body)), body, path)
    }
  }
})

test('trailers follow a compressed body, to clients of HTTP/1.1 and HTTP/2', async (t) => {
  const { port: at } = await startNode(t, (_, response) => {
    response.setHeader('Content-Type', 'text/plain').write(page)
    response.addTrailers({ 'X-Sum': 'of-http1' })
    response.end()
  })
  const second = await startHttp2Node(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'of-http2' }))
    stream.end(page)
  })
  for (const [node, sum] of [
    [`127.0.0.1:${at}`, 'of-http1'],
    [`h2c://127.0.0.1:${second.port}`, 'of-http2'],
  ] as const) {
    const { port } = await startRules(t, `to: ["${node}"]\n${rule}`)
    const client = await RawClient.connect(t, port)
    const plain = await client.ask(get('/', 'Accept-Encoding: gzip', 'TE: trailers'))
    assert.equal(decoded('gzip', Buffer.from(plain.body)), page)
    await until(
      'the trailer has arrived',
      () => client.text.endsWith(`${sum}\r\n\r\n`),
      10_000,
      () => client.text.slice(-60),
    )
    const session = await connectHttp2(t, port)
    const framed = await ask(session, { 'accept-encoding': 'br', te: 'trailers' })
    assert.equal(decoded('br', Buffer.from(framed.body, 'latin1')), page)
    assert.equal(framed.trailers['x-sum'], sum)
  }
})

test('a 304 to the weak validator of a compressed response has that validator', async (t) => {
  const { port: at } = await startNode(t, (asked, response) => {
    if (asked.headers['if-none-match'] === undefined) return answerPage('/', response)
    response.statusCode = 304
    response.setHeader('ETag', '"abc"').setHeader('Vary', 'Origin').end()
  })
  const { port } = await startRules(t, `to: ["127.0.0.1:${at}"]\n${rule}`)
  const client = await RawClient.connect(t, port)
  const first = await client.ask(get('/', 'Accept-Encoding: gzip'))
  assert.equal(first.get('etag'), 'W/"abc"')
  const again = await client.ask(get('/', 'Accept-Encoding: gzip', 'If-None-Match: W/"abc"'))
  assert.deepEqual(
    [again.status, again.get('etag'), again.get('vary')],
    [304, 'W/"abc"', 'Origin, Accept-Encoding'],
  )
  const plain = await client.ask(get('/', 'If-None-Match: "abc"'))
  assert.deepEqual([plain.status, plain.get('etag'), plain.get('vary')], [304, '"abc"', 'Origin'])
})

test('a body of no bytes stays as it is, whatever the least size', async (t) => {
  const { port: at } = await startNode(t, (_, response) => {
    response.setHeader('Content-Type', 'text/plain').setHeader('Content-Length', 0).end()
  })
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${at}"]\nroutes: [{ compress: { minSize: 0 } }]`,
  )
  const client = await RawClient.connect(t, port)
  for (const method of ['GET', 'HEAD']) {
    const got = await client.ask(requestText(method, '/', 'Accept-Encoding: gzip'))
    assert.equal(got.get('content-encoding'), undefined, method)
    assert.equal(got.get('content-length'), '0', method)
  }
})

test('worker processes compress bodies of several sizes for many clients at once', async (t) => {
  const bodies = [1_024, 200_000].map((size) =>
    randomBytes(size / 2)
      .toString('hex')
      .replace(/[89]/g, 'the same '),
  )
  const { port: at } = await startNode(t, (asked, response) => {
    const [, index = '', framing = ''] = (asked.url ?? '').split('/')
    const body = bodies[Number(index)] ?? ''
    response.setHeader('Content-Type', 'application/json')
    if (framing === 'length') response.setHeader('Content-Length', Buffer.byteLength(body))
    if (framing === 'close') response.shouldKeepAlive = false
    for (let from = 0; from < body.length; from += 10_000)
      response.write(body.slice(from, from + 10_000))
    response.end()
  })
  const folder = mkdtempSync(join(tmpdir(), 'compressed-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, `to: ["127.0.0.1:${at}"]\n${rule}\n`)
  const { child, traffic, control } = await startServe(
    ['--config', file, '--workers', '2'],
    {},
    {
      deadlineMs: 60_000,
    },
  )
  t.after(() => child.kill('SIGKILL'))
  const port = Number(new URL(traffic).port)
  const sessions = await Promise.all(Array.from({ length: 2 }, () => connectHttp2(t, port)))
  const asking = ['length', 'chunked', 'close'].flatMap((framing) =>
    bodies.flatMap((body, index) =>
      (['br', 'gzip'] as const).flatMap((coding) =>
        sessions.map(async (session) => {
          const path = `/${index}/${framing}`
          const client = await RawClient.connect(t, port)
          const [plain, framed] = await Promise.all([
            client.ask(get(path, `Accept-Encoding: ${coding}`)),
            ask(session, { ':path': path, 'accept-encoding': coding }),
          ])
          const what = `${path} ${coding}`
          assert.equal(plain.get('content-encoding'), coding, what)
          assert.equal(decoded(coding, Buffer.from(plain.body)), body, what)
          assert.equal(framed.headers['content-encoding'], coding, what)
          assert.equal(decoded(coding, Buffer.from(framed.body, 'latin1')), body, what)
        }),
      ),
    ),
  )
  await Promise.all(asking)
  const metrics = await (await fetch(new URL('/metrics', control))).text()
  const [, count] = /^topspin_compressions_total (\d+)$/m.exec(metrics) ?? []
  assert.equal(Number(count), 2 * asking.length)
})

test('a response that was compressed by the application is passed on', async (t) => {
  const zipped = gzipSync(page)
  const server = createServer((_, response) => {
    response
      .setHeader('Content-Type', 'text/html')
      .setHeader('Content-Encoding', 'gzip')
      .end(zipped)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close().closeAllConnections())
  const { port: at } = server.address() as net.AddressInfo
  const { port } = await startRules(t, `to: ["127.0.0.1:${at}"]\n${rule}`)
  const client = await RawClient.connect(t, port)
  const got = await client.ask(get('/', 'Accept-Encoding: gzip, br'))
  assert.equal(got.get('content-encoding'), 'gzip')
  assert.ok(Buffer.from(got.body).equals(zipped))
})
