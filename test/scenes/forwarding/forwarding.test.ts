// Forwarding over real sockets: connections kept on both sides, order, framing both ways, interim and
// early answers, old clients, and what nodes are told about clients.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

async function one(t: import('node:test').TestContext, options = {}) {
  const origin = await startOrigin(t)
  const running = await startProxy(t, [{ port: origin.port }], options)
  const client = await RawClient.connect(t, running.port)
  return { origin, client, ...running }
}

describe('connections', () => {
  test('both sides are kept open from one request to the next', async (t) => {
    const { origin, client, proxy } = await one(t)
    for (let i = 0; i < 5; i++) assert.equal((await client.ask(get(`/echo?${i}`))).status, 200)
    assert.equal(origin.accepted(), 1)
    assert.equal(proxy.counters.connections, 1)
  })

  test('a second client uses the connection to the node that the first one has released', async (t) => {
    const { origin, client, port } = await one(t)
    await client.ask(get('/echo'))
    const other = await RawClient.connect(t, port)
    await other.ask(get('/echo'))
    assert.equal(origin.accepted(), 1)
  })

  test('pipelined requests are answered in order, however long each one takes', async (t) => {
    const { client } = await one(t)
    const targets = [
      '/slow?pieces=2&ms=20',
      '/echo?b',
      '/nowhere',
      '/echo?d',
      '/slow?pieces=1&ms=5',
    ]
    client.send(targets.map((target) => get(target)).join('') + post('/echo', 'last'))
    const bodies: string[] = []
    for (let i = 0; i < 6; i++) bodies.push(((await client.answer())?.body ?? '').toString())
    assert.deepEqual(bodies, ['piecepiece', '/echo?b', '/nowhere', '/echo?d', 'piece', 'last'])
  })

  test('the answer to a pipelined request does not wait for a slow one behind it', async (t) => {
    const { client, origin } = await one(t)
    client.send(get('/echo?quick') + get(raw('', '&then=stall')))
    assert.equal((await client.answer())?.body.toString(), '/echo?quick')
    assert.equal(client.closed, false)
    await until('the second request is at the node', () => origin.seen.length === 2)
  })

  test('answers to pipelined requests leave before a refusal closes the connection', async (t) => {
    const { client } = await one(t)
    client.send(`${get('/echo?a').repeat(3)}GET / HTTP/9.9\r\n\r\n`)
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 4; i++) statuses.push((await client.answer())?.status)
    assert.deepEqual(statuses, [200, 200, 200, 505])
    await until('the connection is closed', () => client.ended)
  })

  test('a request that arrives byte by byte is one request', async (t) => {
    const { client, origin } = await one(t)
    for (const byte of post('/echo', 'drip')) {
      client.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await client.answer())?.body.toString(), 'drip')
    assert.equal(origin.seen.length, 1)
  })

  test('a client that sends Connection: close gets its response, then the end', async (t) => {
    const { client, proxy } = await one(t)
    const answer = await client.ask(get('/echo', 'Connection: close'))
    assert.equal(answer.get('connection'), 'close')
    await client.over()
    assert.equal(client.error, undefined)
    // Its own side is still open; who has asked for the end is not waited for.
    await until('the proxy has forgotten it', () => proxy.connections === 0, 1_500)
  })
})

describe('framing', () => {
  test('a HEAD answer has the length of the GET answer and no body', async (t) => {
    const { client } = await one(t)
    const answer = await client.ask(request('HEAD', '/echo'))
    assert.equal(answer.get('content-length'), '5')
    assert.equal((await client.ask(get('/echo'))).body.toString(), '/echo')
  })

  for (const status of [204, 304]) {
    test(`a ${status} has no body, and the next answer follows`, async (t) => {
      const { client } = await one(t)
      const answer = await client.ask(get(raw(`HTTP/1.1 ${status} X\r\nETag: "1"\r\n\r\n`)))
      assert.equal(answer.status, status)
      assert.equal((await client.ask(get('/echo'))).body.toString(), '/echo')
    })
  }

  test('chunks pass both ways; extensions and framing trailers are removed, other trailers pass', async (t) => {
    const { client, origin } = await one(t)
    const body =
      '5;a=b\r\nhello\r\n6;q="x;y"\r\n world\r\n0\r\nX-Sum: 11\r\nContent-Length: 3\r\n\r\n'
    const answer = await client.ask(
      request('POST', '/echo', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') + body,
    )
    assert.equal(answer.body.toString(), 'hello world')
    assert.deepEqual(origin.seen[0]!.trailers, [['x-sum', '11']])
    assert.deepEqual(answer.trailers, [['x-sum', '11']])
    assert.equal(client.text.includes('x=1'), false)
  })

  test("a response without a length becomes chunked, and the client's connection stays open", async (t) => {
    const { client } = await one(t)
    const answer = await client.ask(get(raw('HTTP/1.1 200 OK\r\n\r\nto the end', '&then=fin')))
    assert.equal(answer.get('transfer-encoding'), 'chunked')
    assert.equal(answer.body.toString(), 'to the end')
    assert.equal((await client.ask(get('/echo'))).status, 200)
  })

  test('a body of one megabyte arrives complete, with a length and in chunks', async (t) => {
    const { client, origin } = await one(t)
    const body = 'abcdefghij'.repeat(100_000)
    const whole = await client.ask(post('/echo', body))
    assert.equal(whole.body.toString() === body, true)
    const chunks = `${'186a0\r\n'}${body.slice(0, 100_000)}\r\n`.repeat(10)
    await client.ask(`${request('POST', '/echo', 'Transfer-Encoding: chunked')}${chunks}0\r\n\r\n`)
    assert.equal(origin.seen[1]!.body.toString() === body, true)
  })

  test('bytes behind a response are not read as the next response', async (t) => {
    const { client, origin } = await one(t)
    const extra =
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
    assert.equal((await client.ask(get(raw(extra)))).body.toString(), 'ok')
    assert.equal((await client.ask(get('/echo'))).body.toString(), '/echo')
    assert.equal(origin.accepted(), 2)
  })

  for (const [what, answer] of [
    ['a bad status line', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
    [
      'a switch that nobody asked for',
      'HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['endless interim answers', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(40)],
  ] as const) {
    test(`${what} is a 502, once, and the client stays`, async (t) => {
      const { client, origin, live } = await one(t)
      const refused = await client.ask(get(raw(answer), 'X-Id: bad'))
      assert.equal(refused.status, 502)
      assert.equal(origin.executions('bad'), 1)
      assert.equal((await client.ask(get('/echo'))).status, 200)
      assert.equal(live(1).inFlight, 0)
    })
  }
})

describe('interim and early answers', () => {
  test("a client with Expect: 100-continue gets the node's 100 before it sends its body", async (t) => {
    const { client } = await one(t)
    client.send(
      request(
        'POST',
        raw('HTTP/1.1 100 Continue\r\n\r\n', '&early'),
        'Expect: 100-continue',
        'Content-Length: 4',
      ),
    )
    assert.equal((await client.answer())?.status, 100)
  })

  test('a client with Expect: 100-continue may get its final response at once; then the connection closes', async (t) => {
    const { client } = await one(t)
    const target = raw('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n', '&early')
    const answer = await client.ask(
      request('POST', target, 'Expect: 100-continue', 'Content-Length: 4'),
    )
    assert.equal(answer.status, 417)
    assert.equal(answer.get('connection'), 'close')
    await client.over()
  })

  test('103 is sent to HTTP/1.1 clients and not to HTTP/1.0 clients', async (t) => {
    const { client, port } = await one(t)
    const target = raw(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    client.send(get(target))
    const hint = await client.answer()
    assert.deepEqual([hint?.status, hint?.get('link')], [103, '</a>'])
    assert.equal((await client.answer())?.body.toString(), 'ok')
    const old = await RawClient.connect(t, port)
    old.send(`GET ${target} HTTP/1.0\r\n\r\n`)
    assert.equal((await old.answer())?.status, 200)
  })

  for (const then of ['stall', 'fin']) {
    test(`413 while the body still comes reaches the client (the node then: ${then})`, async (t) => {
      const { client, live, origin, port } = await one(t)
      const target = raw(
        'HTTP/1.1 413 Large\r\nContent-Length: 3\r\n\r\nbig',
        `&early&then=${then}`,
      )
      client.send(request('POST', target, 'Content-Length: 1000000'))
      client.send('x'.repeat(100_000))
      const answer = await client.answer()
      assert.deepEqual([answer?.status, answer?.body.toString()], [413, 'big'])
      client.send('x'.repeat(100_000))
      await client.over()
      assert.equal(live(1).inFlight, 0)
      await until('the node connection is gone', () => origin.open.size === 0)
      const other = await RawClient.connect(t, port)
      assert.equal((await other.ask(get('/echo'))).body.toString(), '/echo')
    })
  }
})

describe('HTTP/1.0 clients', () => {
  test('get a chunked response decoded, ended by the end of the connection', async (t) => {
    const { client } = await one(t)
    client.send('GET /slow?pieces=2&ms=5 HTTP/1.0\r\n\r\n')
    const answer = await client.answer()
    assert.equal(answer?.get('transfer-encoding'), undefined)
    assert.equal(answer?.body.toString(), 'piecepiece')
  })

  test('keep their connection with keep-alive, and need no Host', async (t) => {
    const { client, origin, port } = await one(t)
    for (let i = 0; i < 2; i++) {
      client.send('GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      assert.equal((await client.answer())?.get('connection'), 'keep-alive')
    }
    assert.equal(origin.seen[0]!.get('host'), `127.0.0.1:${port}`)
    assert.match(origin.seen[0]!.line, /HTTP\/1\.1$/)
    assert.equal(origin.seen[0]!.get('via'), '1.0 under-test')
  })
})

describe('what the node receives', () => {
  const claims = ['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6']

  test('of an untrusted client: our fields about it instead of its own', async (t) => {
    const { client, origin } = await one(t)
    await client.ask(get('/echo', ...claims, 'X-Forwarded-Host: evil', 'Via: 1.1 before'))
    const seen = origin.seen[0]!
    assert.equal(seen.get('x-forwarded-for'), '127.0.0.1')
    assert.equal(seen.get('x-forwarded-proto'), 'http')
    assert.equal(seen.get('x-forwarded-host'), 'app.test')
    assert.equal(seen.get('forwarded'), 'for=127.0.0.1;proto=http;host="app.test"')
    assert.equal(seen.get('x-real-ip'), undefined)
    assert.equal(seen.get('via'), '1.1 before, 1.1 under-test')
  })

  test('of a trusted proxy: its fields, with ours added', async (t) => {
    const { client, origin } = await one(t, { trust: ['127.0.0.0/8'] })
    await client.ask(get('/echo', ...claims, 'X-Forwarded-Proto: https'))
    const seen = origin.seen[0]!
    assert.equal(seen.get('x-forwarded-for'), '6.6.6.6, 127.0.0.1')
    assert.equal(seen.get('x-forwarded-proto'), 'https')
    assert.match(seen.get('forwarded') ?? '', /^for=6\.6\.6\.6, for=127\.0\.0\.1/)
    assert.equal(seen.get('x-real-ip'), '6.6.6.6')
  })

  test('a target is sent as it came, with what browsers write raw', async (t) => {
    const targets = [
      '/echo/a[1].txt',
      '/echo/a|b^c`d{e}"<f>?g[]=h|i^j`k{l}"<m>&n\\o',
      '/echo/100%?50%',
      '/echo/%zz',
    ]
    const usual = await one(t)
    const strict = await one(t, { strictTarget: true })
    for (const target of targets) {
      assert.equal((await usual.client.ask(get(target))).status, 200, target)
      assert.equal(usual.origin.seen.at(-1)!.target, target)
      assert.equal((await strict.client.ask(get(target))).status, 400, target)
    }
    assert.equal((await strict.client.ask(get('/echo/%5B1%5D?a=%25'))).status, 200)
    assert.equal(strict.origin.seen.length, 1)
  })

  test('a query behind a host without a path goes to the root', async (t) => {
    const { client, origin } = await one(t)
    await client.ask('GET http://app.test?x=1 HTTP/1.1\r\nHost: app.test\r\n\r\n')
    assert.equal(origin.seen[0]!.target, '/?x=1')
  })

  test('fields whose names fold to ours are taken out, forwarded or refused, as configured', async (t) => {
    const folded = ['X_Forwarded_For: 6.6.6.6', 'client_cert: :eA==:', 'user_id: 7']
    const dropping = await one(t)
    await dropping.client.ask(get('/echo', ...folded))
    assert.deepEqual(
      ['x_forwarded_for', 'client_cert', 'user_id'].map((name) =>
        dropping.origin.seen[0]!.get(name),
      ),
      [undefined, undefined, '7'],
    )
    const passing = await one(t, { underscores: 'pass' })
    await passing.client.ask(get('/echo', ...folded))
    assert.equal(passing.origin.seen[0]!.get('x_forwarded_for'), '6.6.6.6')
    const rejecting = await one(t, { underscores: 'reject' })
    assert.equal((await rejecting.client.ask(get('/echo', ...folded))).status, 400)
    assert.equal((await rejecting.client.ask(get('/echo', 'user_id: 7'))).status, 200)
    for (const { client } of [dropping, passing, rejecting])
      assert.equal((await client.ask(get('/echo', 'Content_Length: 5'))).status, 400)
  })

  test('the mark of a hand-over between peers is taken out', async (t) => {
    const { client, origin } = await one(t, { trust: ['127.0.0.0/8'] })
    await client.ask(get('/echo', 'Topspin-Handed-Over: for="6.6.6.6:1";proto=http;at=1'))
    assert.equal(origin.seen[0]!.get('topspin-handed-over'), undefined)
  })

  test('hop-by-hop fields and those that Connection names are removed, Host and framing are not', async (t) => {
    const { client, origin } = await one(t)
    await client.ask(
      post(
        '/echo',
        'b',
        'Connection: X-Mine, Host, X-Forwarded-For',
        'X-Mine: 1',
        'TE: trailers',
        'Proxy: p',
        'Keep-Alive: 5',
      ),
    )
    const seen = origin.seen[0]!
    for (const name of ['x-mine', 'te', 'proxy', 'keep-alive', 'connection']) {
      assert.equal(seen.get(name), undefined, name)
    }
    assert.equal(seen.get('host'), 'app.test')
    assert.equal(seen.get('x-forwarded-for'), '127.0.0.1')
    assert.equal(seen.body.toString(), 'b')
  })

  test('the target is forwarded unchanged; the authority of an absolute target becomes Host', async (t) => {
    const { client, origin } = await one(t)
    await client.ask(get('/a/%2e%2e/b%2Fc/../d?x=%zz'))
    await client.ask('GET http://other.test/p HTTP/1.1\r\nHost: app.test\r\n\r\n')
    assert.equal(origin.seen[0]!.target, '/a/%2e%2e/b%2Fc/../d?x=%zz')
    assert.equal(origin.seen[1]!.target, '/p')
    assert.equal(origin.seen[1]!.get('host'), 'other.test')
  })
})

describe('what the proxy answers itself', () => {
  test('404 where no node has registered a context', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port, contexts: [contextOf('/shop')] }])
    const client = await RawClient.connect(t, port)
    assert.equal((await client.ask(get('/shopping'))).status, 404)
    assert.equal((await client.ask(get('/shop/a'))).status, 200)
  })

  test('503 with Retry-After where the context is known but no node is usable', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [
      { port: origin.port, contexts: [contextOf('/', 'STOPPED')] },
    ])
    const client = await RawClient.connect(t, port)
    const answer = await client.ask(get('/'))
    assert.equal(answer.status, 503)
    assert.match(answer.get('retry-after') ?? '', /^\d+$/)
  })

  test('508 for a request whose Via has our own entry', async (t) => {
    const { client, origin } = await one(t)
    assert.equal((await client.ask(get('/', 'Via: 1.1 a, 1.1 under-test (x)'))).status, 508)
    assert.equal(origin.seen.length, 0)
  })

  test('400 for an invalid request, then the connection closes without a reset', async (t) => {
    const { client, origin } = await one(t)
    client.send(
      `${request('POST', '/', 'Content-Length: 1', 'Content-Length: 2')}ab${get('/smuggled')}`,
    )
    assert.equal((await client.answer())?.status, 400)
    await client.over()
    assert.equal(client.error, undefined)
    assert.equal(origin.seen.length, 0)
  })
})
