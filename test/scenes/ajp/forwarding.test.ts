// Requests to a container over AJP13: framing both ways, connections kept, and what the application sees
// of the client.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { defaultInsert } from '../../../src/proxy/index.ts'
import { rawAjp, startAjpOrigin } from '../../support/ajp-origin.ts'
import { answerOf, endResponse, sendBody, sendHeaders } from '../../support/ajp-packets.ts'
import { type Given, type NodeGiven, startProxy } from '../../support/cluster-fixture.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

async function one(t: TestContext, options: Given = {}, node: NodeGiven = {}) {
  const origin = await startAjpOrigin(t)
  const nodes = [{ type: 'ajp', port: origin.port, ...node }]
  const running = await startProxy(t, nodes, options)
  const client = await RawClient.connect(t, running.port)
  return { origin, client, ...running }
}

const pattern = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 8)) & 0xff))

const chunksOf = (body: Buffer, size: number): Buffer => {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

describe('a container is asked', () => {
  test('for what the client asked for, field by field', async (t) => {
    const { origin, client } = await one(t)
    const answer = await client.ask(
      get('/shop/a%20b;x=1?q=%zz&r', 'Accept: */*', 'X-Odd: \xe4', 'Cookie: a=1', 'X-Odd: 2'),
    )
    assert.equal(answer.status, 200)
    const [seen] = origin.seen
    assert.equal(seen?.method, 'GET')
    assert.equal(seen?.protocol, 'HTTP/1.1')
    assert.equal(seen?.uri, '/shop/a%20b;x=1')
    assert.equal(seen?.attributes.get('query_string'), 'q=%zz&r')
    const told = seen?.fields.filter(([name]) => !/^(x-forwarded|forwarded|via)/.test(name))
    assert.deepEqual(told, [
      ['host', 'app.test'],
      ['accept', '*/*'],
      ['x-odd', '\xe4'],
      ['cookie', 'a=1'],
      ['x-odd', '2'],
    ])
    assert.equal(seen?.get('x-forwarded-for'), '127.0.0.1')
    assert.equal(seen?.get('via'), '1.1 under-test')
  })

  test('with a method that has no number, by its name', async (t) => {
    const { origin, client } = await one(t)
    for (const method of ['PATCH', 'PURGE', 'PROPFIND', 'DELETE'])
      await client.ask(request(method, '/echo'))
    assert.deepEqual(
      origin.seen.map((seen) => seen.method),
      ['PATCH', 'PURGE', 'PROPFIND', 'DELETE'],
    )
  })

  test('without what concerns the connection to the client', async (t) => {
    const { origin, client } = await one(t)
    const fields = ['Connection: X-Own', 'X-Own: 1', 'Keep-Alive: 5', 'TE: trailers', 'Proxy: x']
    await client.ask(get('/echo', ...fields))
    assert.deepEqual(
      origin.seen[0]?.fields.map(([name]) => name),
      ['host', 'via', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'],
    )
  })

  test('as an ordinary request when it was to become a WebSocket', async (t) => {
    const { origin, client } = await one(t)
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    assert.equal((await client.ask(get('/echo', ...upgrade, key))).status, 200)
    assert.equal(origin.seen[0]?.get('upgrade'), undefined)
    assert.equal(origin.seen[0]?.get('connection'), undefined)
  })

  test('in no other way by fields that look like attributes', async (t) => {
    const { origin, client } = await one(t)
    const name = 'javax.servlet.include.request_uri'
    await client.ask(get('/echo', `${name}: /`, 'AJP_REMOTE_PORT: 1', 'secret: guess'))
    const [seen] = origin.seen
    assert.equal(seen?.get(name), '/')
    assert.deepEqual([...(seen?.attributes.keys() ?? [])].sort(), [
      'AJP_LOCAL_ADDR',
      'AJP_REMOTE_PORT',
    ])
    assert.equal(seen?.attributes.get('AJP_REMOTE_PORT'), String(client.socket.localPort))
  })
})

describe('a request body', () => {
  for (const size of [1, 8_185, 8_186, 8_187, 200_000]) {
    test(`of ${size} bytes arrives whole, its length known`, async (t) => {
      const { origin, client } = await one(t)
      const body = pattern(size)
      client.send(request('POST', '/echo?length', `Content-Length: ${size}`))
      client.send(body)
      const answer = await client.answer()
      assert.equal(answer?.body.equals(body), true)
      assert.equal(origin.seen[0]?.get('content-length'), String(size))
      assert.ok(origin.longest <= 8_192)
    })

    test(`of ${size} bytes arrives whole, in chunks`, async (t) => {
      const { origin, client } = await one(t)
      const body = pattern(size)
      client.send(request('POST', '/echo', 'Transfer-Encoding: chunked'))
      client.send(chunksOf(body, 3_000))
      assert.equal((await client.answer())?.body.equals(body), true)
      assert.equal(origin.seen[0]?.get('transfer-encoding'), 'chunked')
      // The last piece is empty: that is how a container learns of the end.
      assert.equal(origin.seen[0]?.body.at(-1)?.length, 0)
    })
  }

  test('of no bytes is none', async (t) => {
    const { origin, client } = await one(t)
    assert.equal((await client.ask(post('/echo', ''))).status, 200)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.seen[0]?.get('content-length'), '0')
    assert.equal(origin.accepted(), 1)
  })

  test('that the application does not read leaves the connection usable', async (t) => {
    const { origin, client } = await one(t)
    for (let i = 0; i < 3; i++) {
      const answer = await client.ask(post('/early', 'x'.repeat(20_000)))
      assert.equal(answer.body.toString(), 'early')
    }
    // A piece that came unasked is all that a container has to leave out.
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.accepted(), 1)
  })

  test('is held back until the container asks for it', async (t) => {
    const { origin, client, port } = await one(t)
    const slow = await RawClient.connect(t, port)
    slow.send(request('POST', '/stall', 'Content-Length: 100000000'))
    const piece = Buffer.alloc(1_000_000, 'x')
    let taken = 0
    for (let i = 0; i < 30; i++) if (slow.socket.write(piece)) taken++
    await until('the request has arrived', () => origin.seen.length === 1)
    await client.ask(get('/echo'))
    assert.ok(slow.socket.writableLength > 10_000_000, `${slow.socket.writableLength} wait`)
    assert.ok(taken < 30)
  })

  test('that breaks off is not completed', async (t) => {
    const { origin, client } = await one(t)
    client.send(request('POST', '/echo', 'Transfer-Encoding: chunked'))
    client.send('5\r\nbegin\r\n')
    await until('the first piece is there', () => origin.seen[0]?.body.length === 1)
    client.socket.end()
    await until('the container is cut off', () => origin.open.size === 0)
    assert.ok(origin.seen[0]?.body.every((piece) => piece.length > 0 || origin.open.size === 0))
    assert.equal(Buffer.concat(origin.seen[0]?.body ?? []).toString(), 'begin')
  })

  for (const framing of ['Content-Length: 4', 'Transfer-Encoding: chunked']) {
    test(`is asked for with a 100 when the client waits for one (${framing})`, async (t) => {
      const { client, origin } = await one(t)
      client.send(request('POST', '/echo', framing, 'Expect: 100-continue'))
      assert.equal((await client.answer())?.status, 100)
      client.send(framing.startsWith('C') ? 'body' : '4\r\nbody\r\n0\r\n\r\n')
      assert.equal((await client.answer())?.body.toString(), 'body')
      assert.equal(origin.seen[0]?.get('expect'), undefined)
    })
  }

  test('in chunks that the container does not want is not asked for', async (t) => {
    const { client } = await one(t)
    client.send(request('POST', '/early', 'Transfer-Encoding: chunked', 'Expect: 100-continue'))
    assert.equal((await client.answer())?.status, 200)
    await client.over()
  })
})

describe('an answer', () => {
  test('of known length goes through as it is, and the connection is used again', async (t) => {
    const { origin, client, live } = await one(t)
    for (let i = 0; i < 4; i++) {
      const answer = await client.ask(get('/big?bytes=300000&length'))
      assert.equal(answer.body.length, 300_000)
      assert.equal(answer.get('content-length'), '300000')
    }
    assert.equal(origin.accepted(), 1)
    assert.ok(live(1).bytesRead >= 1_200_000)
    assert.equal(live(1).inFlight, 0)
  })

  test('of unknown length comes in chunks', async (t) => {
    const { origin, client } = await one(t)
    for (let i = 0; i < 4; i++) {
      const answer = await client.ask(get('/big?bytes=100000'))
      assert.equal(answer.body.length, 100_000)
      assert.equal(answer.get('transfer-encoding'), 'chunked')
    }
    assert.equal(origin.accepted(), 1)
  })

  test('of unknown length ends with the connection for an HTTP/1.0 client', async (t) => {
    const { origin, port } = await one(t)
    const old = await RawClient.connect(t, port)
    old.send('GET /big?bytes=20000 HTTP/1.0\r\n\r\n')
    assert.equal((await old.answer())?.body.length, 20_000)
    assert.equal(origin.seen[0]?.protocol, 'HTTP/1.1')
    assert.match(origin.seen[0]?.get('host') ?? '', /^127\.0\.0\.1:\d+$/)
  })

  test('to HEAD, 204 and 304 have no body, and the next request finds the connection', async (t) => {
    const { origin, client } = await one(t)
    const none = (status: number): Buffer =>
      Buffer.concat([sendHeaders(status, [['ETag', '"1"']]), endResponse()])
    const head = Buffer.concat([sendHeaders(200, [['Content-Length', '9']]), endResponse()])
    assert.equal((await client.ask(request('HEAD', rawAjp(head)))).get('content-length'), '9')
    assert.equal((await client.ask(request('HEAD', '/echo'))).status, 200)
    assert.equal((await client.ask(get(rawAjp(none(204))))).status, 204)
    assert.equal((await client.ask(get(rawAjp(none(304))))).status, 304)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.accepted(), 1)
  })

  test('keeps its fields, but for those about a connection', async (t) => {
    const { client } = await one(t, { sticky: [{ insert: { ...defaultInsert, when: 'off' } }] })
    const fields: [string, string][] = [
      ['Date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['Content-Type', 'text/html'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-Own', '\xe4 x'],
      ['Keep-Alive', 'timeout=1'],
      ['Transfer-Encoding', 'chunked'],
      ['WWW-Authenticate', 'Basic'],
    ]
    const bytes = Buffer.concat([sendHeaders(401, fields, '401'), sendBody('no'), endResponse()])
    const answer = await client.ask(get(rawAjp(bytes)))
    assert.equal(answer.line, 'HTTP/1.1 401 Unauthorized')
    assert.deepEqual(answer.fields, [
      ['date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['content-type', 'text/html'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-own', '\xe4 x'],
      ['www-authenticate', 'Basic'],
      ['transfer-encoding', 'chunked'],
    ])
    assert.equal(answer.body.toString(), 'no')
  })

  test('is not ended by a flush', async (t) => {
    const { client } = await one(t)
    const flush = sendBody('')
    const [head, end] = [sendHeaders(200), endResponse()]
    const bytes = Buffer.concat([head, flush, sendBody('a'), flush, sendBody('b'), flush, end])
    assert.equal((await client.ask(get(rawAjp(bytes)))).body.toString(), 'ab')
  })

  test('to a slow client is held back', async (t) => {
    const { origin, port, live } = await one(t)
    const slow = connect({ port, host: '127.0.0.1' })
    t.after(() => slow.destroy())
    slow.write(get('/big?bytes=40000000&length'))
    await until('the answer has begun', () => live(1).bytesRead > 0)
    let before = -1
    await until('nothing moves', async () => {
      const now = live(1).bytesRead
      await new Promise((resolve) => setTimeout(resolve, 100))
      const stands = now === before
      before = now
      return stands
    })
    assert.ok(live(1).bytesRead < 30_000_000, `${live(1).bytesRead} bytes were read`)
    let taken = 0
    slow.on('data', (piece) => {
      taken += piece.length
    })
    await until('all of it has come', () => taken > 40_000_000, 20_000)
    assert.equal(origin.seen.length, 1)
  })

  test('before a connection that closes with it is the last one there', async (t) => {
    const { origin, client } = await one(t)
    assert.equal((await client.ask(get('/last'))).body.toString(), 'last')
    assert.equal((await client.ask(get('/last'))).body.toString(), 'last')
    assert.equal(origin.accepted(), 2)
  })

  test('that is complete before END_RESPONSE frees the client at once', async (t) => {
    const { origin, client } = await one(t)
    const early = Buffer.concat([sendHeaders(200, [['Content-Length', '2']]), sendBody('ok')])
    assert.equal((await client.ask(get(rawAjp(early)))).body.toString(), 'ok')
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.accepted(), 2)
    // The end that was still to come makes the first connection good again.
    for (const socket of origin.open) socket.write(endResponse())
    await until('the end was taken', () => origin.open.size === 1)
  })
})

describe('what the application sees of the client', () => {
  test('is its address, its port and the name it asked for', async (t) => {
    const { origin, client } = await one(t)
    await client.ask('GET /echo HTTP/1.1\r\nHost: shop.test:8443\r\n\r\n')
    const [seen] = origin.seen
    assert.deepEqual(
      [seen?.remoteAddress, seen?.remoteHost, seen?.serverName, seen?.serverPort, seen?.isSecure],
      ['127.0.0.1', '127.0.0.1', 'shop.test', 8_443, false],
    )
    assert.equal(seen?.attributes.get('AJP_LOCAL_ADDR'), '127.0.0.1')
    assert.equal(seen?.attributes.get('AJP_REMOTE_PORT'), String(client.socket.localPort))
  })

  test('comes from a trusted proxy in front', async (t) => {
    const { origin, client } = await one(t, { trust: ['127.0.0.0/8', '10.0.0.0/8'] })
    const proto = 'X-Forwarded-Proto: https'
    await client.ask(get('/echo', 'X-Forwarded-For: 203.0.113.9, 10.1.2.3', proto))
    await client.ask(get('/echo', 'X-Forwarded-For: 1.1.1.1, 203.0.113.9', proto))
    await client.ask(get('/echo', 'Forwarded: for="[2001:db8::1]:99";proto=https'))
    await client.ask(get('/echo', 'X-Forwarded-For: unknown'))
    assert.deepEqual(
      origin.seen.map((seen) => [seen.remoteAddress, seen.isSecure, seen.serverPort]),
      [
        ['203.0.113.9', true, 443],
        ['203.0.113.9', true, 443],
        ['2001:db8::1', true, 443],
        ['127.0.0.1', false, 80],
      ],
    )
    // The port is the proxy's, not the client's.
    assert.equal(origin.seen[0]?.attributes.has('AJP_REMOTE_PORT'), false)
  })

  test('does not come from a field of the client that a trusted proxy passes on', async (t) => {
    const { origin, client } = await one(t, { trust: ['127.0.0.0/8', '10.0.0.0/8'] })
    const passedOn = [
      'for=127.0.0.2',
      'for=10.0.0.5',
      'for=1.1.1.1, for=10.0.0.5',
      'for=9.9.9.9;host="a,for=1.2.3.4"',
      'for="1.1.1.1',
    ]
    for (const forwarded of passedOn)
      await client.ask(get('/echo', 'X-Forwarded-For: 9.9.9.9', `Forwarded: ${forwarded}`))
    assert.deepEqual(
      origin.seen.map((seen) => seen.remoteAddress),
      passedOn.map(() => '9.9.9.9'),
    )
  })

  test('comes from Forwarded where the configuration selects that field', async (t) => {
    const options = { trust: ['127.0.0.1'], trustHeader: 'forwarded' } as const
    const { origin, client } = await one(t, options)
    await client.ask(get('/echo', 'X-Forwarded-For: 9.9.9.9', 'Forwarded: for=8.8.8.8'))
    assert.equal(origin.seen[0]?.remoteAddress, '8.8.8.8')
  })

  test('does not come from fields of the client', async (t) => {
    const { origin, client } = await one(t)
    await client.ask(get('/echo', 'X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Proto: https'))
    assert.equal(origin.seen[0]?.remoteAddress, '127.0.0.1')
    assert.equal(origin.seen[0]?.isSecure, false)
  })
})

describe('the secret', () => {
  test('is sent as such, and to no one else', async (t) => {
    const ajp = { secret: 's3cr et', packetBytes: 8_192 }
    const { origin, client } = await one(t, { ajp })
    const answer = await client.ask(get('/echo'))
    assert.equal(origin.seen[0]?.attributes.get('secret'), 's3cr et')
    const told = JSON.stringify([origin.seen[0]?.fields, answer.fields])
    assert.doesNotMatch(told, /s3cr/)
  })
})

describe('the packet size', () => {
  test('bounds the head of a request: one that does not fit is a 431', async (t) => {
    const { origin, client, live } = await one(t)
    const long = `X-Long: ${'x'.repeat(7_900)}`
    const answer = await client.ask(get('/echo', long, long))
    assert.equal(answer.status, 431)
    assert.match(answer.body.toString(), /AJP_HEAD_LARGE/)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.seen.length, 1)
    assert.deepEqual([live(1).inFlight, live(1).health.kind], [0, 'up'])
  })

  test('is the one that both sides are configured with', async (t) => {
    const { origin, client } = await one(t, { ajp: { secret: '', packetBytes: 65_536 } })
    const long = `X-Long: ${'x'.repeat(7_900)}`
    assert.equal((await client.ask(get('/echo', long, long, long))).status, 200)
    const body = pattern(500_000)
    client.send(request('POST', '/echo', 'Content-Length: 500000'))
    client.send(body)
    assert.equal((await client.answer())?.body.equals(body), true)
    assert.ok(origin.longest > 20_000 && origin.longest <= 65_536)
  })

  test('out of bounds is refused', async (t) => {
    for (const packetBytes of [100, 70_000, Number.NaN])
      await assert.rejects(one(t, { ajp: { secret: '', packetBytes } }), RangeError)
    await assert.rejects(one(t, { ajp: { secret: 'a\nb', packetBytes: 8_192 } }), RangeError)
  })
})

test('requests of one client to containers and servers of both kinds do not mix', async (t) => {
  const origin = await startAjpOrigin(t)
  const { port } = await startProxy(t, [{ type: 'ajp', port: origin.port }])
  const client = await RawClient.connect(t, port)
  const bodies = ['a', 'bb', 'ccc'.repeat(9_000), '']
  client.send(
    bodies.map((body) => post('/echo?length', body)).join('') + get(rawAjp(answerOf('z'))),
  )
  for (const body of [...bodies, 'z']) assert.equal((await client.answer())?.body.toString(), body)
})
