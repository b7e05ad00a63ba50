// `topspin/handler` on http.createServer: what reaches the nodes, and what reaches the client.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { createSecureServer, connect as http2Connect } from 'node:http2'
import https from 'node:https'
import { connect } from 'node:net'
import { test } from 'node:test'
import express from 'express'
import { createHandler, type Handler } from '../../../src/handler.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { frontOf, handlerOf, listening, node } from '../../support/embedded.ts'
import { freePorts } from '../../support/free-ports.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { webSocket, webSocketServer } from '../../support/web-socket.ts'

interface Report {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly bytes: number
}

const report = async (response: Response): Promise<Report> => (await response.json()) as Report

test('requests with and without a body reach the nodes in turn', async (t) => {
  const to = [await node(t, 'a'), await node(t, 'b')]
  const front = await frontOf(t, handlerOf(t, { to }))
  const seen = new Set<string>()
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
    const body = method === 'GET' ? null : 'x'.repeat(300_000)
    const got = await report(await fetch(`http://${front}/shop?page=2`, { method, body }))
    assert.deepEqual(
      { ...got, name: '' },
      { name: '', method, url: '/shop?page=2', bytes: body?.length ?? 0 },
    )
    seen.add(got.name)
  }
  // The first node to answer its check gets the requests until the other one has, too.
  await until('both nodes have got a request', async () => {
    seen.add((await report(await fetch(`http://${front}/`))).name)
    return seen.size === 2
  })
})

test('a request goes to another node when one refuses the connection, a POST too', async (t) => {
  const to = [`127.0.0.1:${(await freePorts(1))[0]}`, await node(t, 'a')]
  const front = await frontOf(t, handlerOf(t, { to }))
  for (const method of ['GET', 'POST', 'GET', 'POST']) {
    const body = method === 'POST' ? 'one' : null
    const response = await fetch(`http://${front}/`, { method, body })
    assert.equal(response.status, 200)
    assert.equal((await report(response)).bytes, body?.length ?? 0)
  }
})

test('the client gets 503 with a code when no node answers', async (t) => {
  const front = await frontOf(t, handlerOf(t, { to: [`127.0.0.1:${(await freePorts(1))[0]}`] }))
  const response = await fetch(`http://${front}/`)
  assert.equal(response.status >= 502, true)
  assert.match(await response.text(), /\([A-Z_]+\)/)
})

test('the cookie of a session leads to the node of the session', async (t) => {
  const to = [await node(t, 'a'), await node(t, 'b'), await node(t, 'c')]
  const front = await frontOf(t, handlerOf(t, { to, sticky: { insert: 'always' } }))
  const first = await fetch(`http://${front}/`)
  const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';')
  const { name } = await report(first)
  assert.notEqual(cookie, '')
  for (let i = 0; i < 6; i++)
    assert.equal(
      (await report(await fetch(`http://${front}/`, { headers: { cookie } }))).name,
      name,
    )
})

test('an early answer to a large upload reaches the client, whoever gives it', async (t) => {
  const refusing = await node(t, 'a', (_, response) => {
    response.writeHead(413, { Connection: 'close', 'Content-Length': 2 }).end('no')
  })
  const nowhere = `127.0.0.1:${(await freePorts(1))[0]}`
  for (const [to, status] of [
    [refusing, 413],
    [nowhere, 503],
  ] as const) {
    for (const framing of ['Content-Length: 20000000', 'Transfer-Encoding: chunked']) {
      const front = await frontOf(t, handlerOf(t, { to: [to] }))
      const socket = connect(Number(front.split(':')[1]), '127.0.0.1')
      const errors: Error[] = []
      socket.on('error', (error) => errors.push(error))
      let text = ''
      socket.on('data', (piece) => {
        text += piece
      })
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      const isChunked = framing.startsWith('T')
      const piece = `${isChunked ? '10000\r\n' : ''}${'x'.repeat(65_536)}${isChunked ? '\r\n' : ''}`
      // More than the buffers on the way hold, however early the answer is.
      for (let sent = 0; sent < 305; sent++) {
        if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
        if (socket.destroyed) break
      }
      await until('the answer is there', () => text.includes('\r\n\r\n') || socket.destroyed)
      socket.destroy()
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), framing)
      assert.deepEqual(errors, [])
    }
  }
})

test('a WebSocket passes both ways', async (t) => {
  const server = createServer()
  webSocketServer({ server, path: '/ws' }).on('connection', (socket) =>
    socket.on('message', (data) => socket.send(`echo ${data}`)),
  )
  const front = await frontOf(t, handlerOf(t, { to: [await listening(t, server)] }))
  const socket = webSocket(`ws://${front}/ws`)
  const replies: string[] = []
  socket.on('message', (data) => replies.push(String(data)))
  await new Promise<void>((resolve) => socket.on('open', resolve))
  socket.send('one')
  await until('the echo has come', () => replies.length === 1)
  assert.deepEqual(replies, ['echo one'])
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.close(1000)
  await closed
})

test('below a prefix, nodes get the rest of the path, and `next` what no node serves, with its body', async (t) => {
  const to = [{ address: await node(t, 'a'), contexts: ['/shop'] }]
  const handler = handlerOf(t, { to })
  const app = express()
  app.use('/api', handler.handle)
  app.use(express.json())
  app.post('/api/own', (incoming, response) => void response.json({ own: incoming.body }))
  const front = await listening(t, createServer(app))
  const post = (path: string): Promise<Response> =>
    fetch(`http://${front}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    })
  const { url, bytes } = await report(await post('/api/shop/cart'))
  assert.deepEqual({ url, bytes }, { url: '/shop/cart', bytes: 7 })
  assert.deepEqual(await (await post('/api/own')).json(), { own: { a: 1 } })
})

test('`next` is called with ids of requests and rules, too', async (t) => {
  const to = [{ address: await node(t, 'a'), contexts: ['/shop'] }]
  for (const options of [
    { requestId: 'client' },
    { routes: [{ responseHeaders: { set: { 'X-By': 'rule' } } }] },
  ]) {
    const app = express()
    app.use(handlerOf(t, { to, ...options }).handle)
    app.use((_, response) => void response.send('own'))
    const front = await listening(t, createServer(app))
    assert.equal((await report(await fetch(`http://${front}/shop`))).url, '/shop')
    assert.equal(await (await fetch(`http://${front}/other`)).text(), 'own')
  }
})

test('fields that a middleware has set are added, and those of the node come first', async (t) => {
  const to = [
    await node(t, 'a', (_, response) => {
      response.setHeader('Set-Cookie', 'n=1')
      response.setHeader('Vary', 'Accept')
      response.end('ok')
    }),
  ]
  const handler = handlerOf(t, { to, sticky: { insert: 'off' } })
  const server = createServer((incoming, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Vary', 'Origin')
    response.setHeader('Set-Cookie', ['m=1', 'm=2'])
    response.setHeader('Content-Length', 999)
    handler.handle(incoming, response)
  })
  const response = await fetch(`http://${await listening(t, server)}/`)
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.equal(response.headers.get('vary'), 'Accept')
  assert.deepEqual(response.headers.getSetCookie().sort(), ['m=1', 'm=2', 'n=1'])
  assert.equal(await response.text(), 'ok')
})

test('interim responses and trailers pass', async (t) => {
  const to = [
    await node(t, 'a', (_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.writeHead(200, { Trailer: 'X-Sum' })
      response.write('body')
      response.addTrailers({ 'X-Sum': '7' })
      response.end()
    }),
  ]
  const front = await frontOf(t, handlerOf(t, { to }))
  const [host, port] = front.split(':')
  const asked = request({ host, port, headers: { te: 'trailers' } })
  const hints: unknown[] = []
  asked.on('information', ({ statusCode }) => hints.push(statusCode))
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  assert.deepEqual(hints, [103])
  assert.equal(response.trailers['x-sum'], '7')
})

test('a client that leaves ends its request at the node', async (t) => {
  let left = 0
  let begun = 0
  const to = [
    await node(t, 'a', (incoming, response) => {
      begun++
      response.write('begun')
      incoming.on('close', () => left++)
    }),
  ]
  const front = await frontOf(t, handlerOf(t, { to }))
  const leave = new AbortController()
  await fetch(`http://${front}/`, { signal: leave.signal })
  assert.equal(begun, 1)
  leave.abort()
  await until('the node sees the end', () => left === 1)
})

test('a response that breaks off at the node breaks off at the client', async (t) => {
  const to = [
    await node(t, 'a', (_, response) => {
      response.writeHead(200, { 'Content-Length': 1_000 })
      response.write('some', () => response.destroy())
    }),
  ]
  const front = await frontOf(t, handlerOf(t, { to }))
  const response = await fetch(`http://${front}/`)
  assert.equal(response.status, 200)
  await assert.rejects(response.text())
})

test('a client that reads slowly holds up the node, and a node that reads slowly the client', async (t) => {
  const size = 64 * 1024 * 1024
  let sent = 0
  let received = 0
  let open = (): void => {}
  const to = [
    await node(t, 'a', (incoming, response) => {
      if (incoming.method === 'PUT') {
        open = () => incoming.on('data', (piece: Buffer) => (received += piece.length))
        incoming.on('end', () => response.end('done'))
        return
      }
      const piece = Buffer.alloc(65_536)
      const write = (): void => {
        while (sent < size) {
          sent += piece.length
          if (!response.write(piece)) return void response.once('drain', write)
        }
        response.end()
      }
      write()
    }),
  ]
  const front = await frontOf(t, handlerOf(t, { to }))
  const [host, port] = front.split(':')
  const download = request({ host, port }).end()
  const [response] = (await once(download, 'response')) as [IncomingMessage]
  let before = -1
  await until('the node stands still', async () => {
    const isSame = sent === before
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 200))
    return isSame
  })
  assert.ok(sent < size, `${sent} bytes sent`)
  let read = 0
  for await (const piece of response) read += (piece as Buffer).length
  assert.equal(read, size)

  const upload = request({ host, port, method: 'PUT' })
  let written = 0
  const piece = Buffer.alloc(65_536)
  const write = (): void => {
    while (written < size) {
      written += piece.length
      if (!upload.write(piece)) return void upload.once('drain', write)
    }
    upload.end()
  }
  write()
  before = -1
  await until('the client stands still', async () => {
    const isSame = written === before
    before = written
    await new Promise((resolve) => setTimeout(resolve, 200))
    return isSame
  })
  assert.ok(written < size, `${written} bytes written`)
  open()
  const [answer] = (await once(upload, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  assert.equal(received, size)
})

test('pipelined requests are answered in their order', async (t) => {
  const to = [
    await node(t, 'a', (incoming, response) => {
      const delay = incoming.url === '/p1' ? 50 : 0
      setTimeout(() => response.end(incoming.url), delay)
    }),
  ]
  const front = await frontOf(t, handlerOf(t, { to }))
  const client = await RawClient.connect(t, Number(front.split(':')[1]))
  client.socket.write(
    ['/p1', '/p2', '/p3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
  )
  await until('three answers have come', () => client.bytes.toString().includes('/p3'))
  const bodies = client.bytes.toString().match(/\/p\d/g)
  assert.deepEqual(bodies, ['/p1', '/p2', '/p3'])
})

test('a body that a parser has kept as bytes is sent, and one that is lost is refused', async (t) => {
  const handler = handlerOf(t, { to: [await node(t, 'a')] })
  const server = createServer(async (incoming, response) => {
    const pieces: Buffer[] = []
    for await (const piece of incoming) pieces.push(piece as Buffer)
    const bytes = Buffer.concat(pieces)
    const body = incoming.url === '/raw' ? { rawBody: bytes } : { body: String(bytes) }
    handler.handle(Object.assign(incoming, body), response)
  })
  const front = await listening(t, server)
  const post = (path: string): Promise<Response> =>
    fetch(`http://${front}${path}`, { method: 'POST', body: 'hello' })
  assert.equal((await report(await post('/raw'))).bytes, 5)
  const refused = await post('/parsed')
  assert.equal(refused.status, 500)
  assert.match(await refused.text(), /BODY_CONSUMED.*|before body parsers/)
  assert.equal((await fetch(`http://${front}/parsed`)).status, 200)
})

test('a drain waits for open requests, and further ones get 503', async (t) => {
  let answer = (): void => {}
  const to = [
    await node(t, 'a', (_, response) => {
      answer = () => response.end('late')
    }),
  ]
  const handler = handlerOf(t, { to })
  const front = await frontOf(t, handler)
  const open = fetch(`http://${front}/`)
  let isBegun = false
  const begun = until('the node has the request', () => {
    isBegun = answer.toString().includes('late')
    return isBegun
  })
  await begun
  const drained = handler.drain(20_000)
  answer()
  assert.equal(await (await open).text(), 'late')
  await drained
  const refused = await fetch(`http://${front}/`)
  assert.equal(refused.status, 503)
  assert.match(await refused.text(), /PROXY_CLOSED/)
})

test('a close cuts open requests, and further ones get 503', async (t) => {
  let begun = 0
  const handler = handlerOf(t, { to: [await node(t, 'a', () => begun++)] })
  const front = await frontOf(t, handler)
  const open = assert.rejects(fetch(`http://${front}/`))
  await until('the node has the request', () => begun === 1)
  await handler.close()
  await open
  assert.equal((await fetch(`http://${front}/`)).status, 503)
})

test('an HTTPS server works, and requests of HTTP/2 get 501 with a code', {
  skip: noOpenssl,
}, async (t) => {
  const { cert, key } = new Authority('root').issue()
  const handler = handlerOf(t, {
    to: [await node(t, 'a', (q, r) => r.end(`${q.headers['x-forwarded-proto']}`))],
  })
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (incoming, response) =>
    handler.handle(incoming as never, response as never),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const asked = https.get({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const piece of response) text += piece
  assert.equal(text, 'https')

  const session = http2Connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/' })
  const [fields] = (await once(stream, 'response')) as [Record<string, unknown>]
  let body = ''
  for await (const piece of stream) body += piece
  assert.equal(fields[':status'], 501)
  assert.match(body, /HANDLER_HTTP2/)
})

test('the option fields replaces fields of the client, and a bad one is refused', async (t) => {
  const to = [
    await node(t, 'a', (incoming, response) => {
      const { rawHeaders } = incoming
      const names = rawHeaders.filter((text, index) => index % 2 === 0 && /^x-user$/i.test(text))
      response.end(`${incoming.headers['x-user']} ${names.length}`)
    }),
  ]
  let fields: Record<string, string> = { 'X-User': 'real' }
  const front = await frontOf(t, handlerOf(t, { to, fields: () => fields }))
  const ask = (): Promise<Response> =>
    fetch(`http://${front}/`, { headers: { 'x-user': 'forged' } })
  assert.equal(await (await ask()).text(), 'real 1')
  for (const bad of [{ 'X-User': 'a\r\nX: y' }, { 'X User': 'a' }, { Host: 'other' }]) {
    fields = bad as unknown as Record<string, string>
    const refused = await ask()
    assert.equal(refused.status, 500)
    assert.match(await refused.text(), /INVALID_FIELDS/)
  }
})

test('a promise of fields is refused, so that those of the client do not pass', async (t) => {
  const fields = (async () => ({ 'X-User': 'own' })) as unknown as () => Record<string, string>
  const front = await frontOf(t, handlerOf(t, { to: [await node(t, 'a')], fields }))
  const response = await fetch(`http://${front}/`, { headers: { 'x-user': 'of-client' } })
  assert.equal(response.status, 500)
  assert.match(await response.text(), /INVALID_FIELDS/)
})

test('a client of an upgrade that resets its connection before the nodes are read ends nothing', async (t) => {
  const silent = createSocket('udp4')
  t.after(() => silent.close())
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  const resolver = `127.0.0.1:${silent.address().port}`
  const handler = handlerOf(t, { to: [{ dns: 'a.test:80', resolver }] })
  let guards = 0
  let failed = 0
  const server = createServer(handler.handle).on('upgrade', (asked, socket, head) => {
    handler.upgrade(asked, socket, head)
    guards = socket.listenerCount('error')
    socket.on('error', () => failed++)
    client.reset()
  })
  const front = await listening(t, server)
  const client = await RawClient.connect(t, Number(front.split(':')[1]))
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  await until('the connection has failed', () => failed === 1)
  assert.ok(guards > 0)
})

test('wrong options are refused with what would be right', () => {
  assert.throws(() => (createHandler as () => Handler)(), /options are missing/)
  assert.throws(() => createHandler({ too: [] } as never), /too: unknown key; did you mean to\?/)
  assert.throws(() => createHandler({ to: ['a:b:c'] }), { code: 'BAD_OPTION' })
  assert.throws(() => createHandler({ listen: ':80' } as never), /listen: not used here/)
  assert.throws(
    () => createHandler({ to: ['a:1'], advertise: { group: '224.0.1.105:23364' } }),
    /needs the option control/,
  )
})
