// The access log's entries: one for every request, whatever becomes of it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { http2Limits } from '../../../src/base/limits.ts'
import type { AccessEntry } from '../../../src/proxy/index.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { preface } from '../../support/http2-attacks.ts'
import { block, frame } from '../../support/http2-frames.ts'
import { cutAt, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

async function logged(t: TestContext, given: Given = {}) {
  const entries: AccessEntry[] = []
  const origin = await startOrigin(t)
  const accessLog = (entry: AccessEntry): void => void entries.push(entry)
  const running = await startProxy(t, [{ port: origin.port }], { ...given, accessLog })
  const client = await RawClient.connect(t, running.port)
  const last = async (count: number): Promise<AccessEntry> => {
    await until('it is logged', () => entries.length >= count)
    // A second line for one request would come at once.
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(entries.length, count)
    return entries.at(-1) as AccessEntry
  }
  return { ...running, origin, entries, client, last }
}

test('a response of a node: who asked, what, and how much went either way', async (t) => {
  const { client, last } = await logged(t)
  const answer = await client.ask(post('/echo?a', 'hello', 'User-Agent: curl/8.0 "x"'))
  const entry = await last(1)
  assert.deepEqual(
    [entry.method, entry.target, entry.host, entry.userAgent, entry.client, entry.remote],
    ['POST', '/echo?a', 'app.test', 'curl/8.0 "x"', '127.0.0.1', '127.0.0.1'],
  )
  assert.deepEqual([entry.status, entry.code, entry.route, entry.attempts], [200, '', 'n1', 1])
  assert.deepEqual([entry.bytes, entry.bytesIn], [answer.end, 5])
  // In pieces, with chunks, and without either.
  client.send(`${request('POST', '/echo', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
  await until('the piece has gone', () => client.text.length > 0)
  client.send('0\r\n\r\n')
  await client.answer()
  assert.equal((await last(2)).bytesIn, '3\r\nabc\r\n0\r\n\r\n'.length)
  await client.ask(get('/echo'))
  assert.deepEqual([(await last(3)).userAgent, (await last(3)).bytesIn], ['', 0])
  await client.ask(get('/echo', `User-Agent: ${'u'.repeat(5_000)}`))
  assert.equal((await last(4)).userAgent, 'u'.repeat(512))
})

const agent = 'User-Agent: test/1'
const refused: readonly (readonly [
  name: string,
  bytes: string,
  entry: Partial<AccessEntry>,
  given?: Given,
])[] = [
  ['no context', get('/x', agent), { status: 404, code: 'NO_CONTEXT', target: '/x' }],
  [
    'an invalid field',
    get('/x', agent, 'A b: 1'),
    { status: 400, code: 'HTTP_FIELD', method: 'GET', target: '/x' },
  ],
  [
    'an unknown Host',
    `GET /x?y HTTP/1.1\r\n${agent}\r\n\r\n`,
    { status: 400, code: 'HTTP_HOST', target: '/x?y', host: '' },
  ],
  [
    'a field that is too long',
    get('/x', agent, `A: ${'a'.repeat(70_000)}`),
    { status: 431, code: 'HTTP_FIELDS_LARGE', target: '/x' },
  ],
  [
    'two framings',
    request('POST', '/x', agent, 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    { status: 400, code: 'HTTP_CODING', method: 'POST' },
  ],
  [
    'an expectation',
    request('POST', '/x', agent, 'Content-Length: 1', 'Expect: x'),
    { status: 417, code: 'HTTP_EXPECT', method: 'POST' },
  ],
  [
    'CONNECT',
    `CONNECT a:1 HTTP/1.1\r\nHost: app.test\r\n\r\n`,
    { status: 405, code: 'HTTP_METHOD', method: 'CONNECT', target: 'a:1', host: '', userAgent: '' },
  ],
  ['TRACE', request('TRACE', '/x', agent), { status: 405, code: 'HTTP_METHOD', method: 'TRACE' }],
  [
    'a version',
    'GET /x HTTP/3.0\r\nHost: app.test\r\n\r\n',
    { status: 505, code: 'HTTP_VERSION', target: '/x', host: '', userAgent: '' },
  ],
  [
    'a long target',
    get(`/${'t'.repeat(9_000)}`),
    {
      status: 414,
      code: 'HTTP_TARGET_LONG',
      target: `/${'t'.repeat(1_023)}`,
      host: '',
      userAgent: '',
    },
  ],
  [
    'TLS where none is spoken',
    '\x16\x03\x01\x02\x00\x01\r\n\r\n',
    {
      status: 400,
      code: 'HTTP_REQUEST_LINE',
      method: '',
      target: '\x16\x03\x01\x02\x00\x01',
      host: '',
      userAgent: '',
    },
  ],
  [
    'nonsense',
    'no request "at" all\r\n\r\n',
    { status: 400, code: 'HTTP_TARGET', method: 'no', target: 'request', host: '', userAgent: '' },
  ],
  [
    'a malformed chunk',
    `${request('POST', '/echo', agent, 'Transfer-Encoding: chunked')}zz\r\n`,
    { status: 400, code: 'HTTP_CHUNK', target: '/echo' },
  ],
  [
    'a late head',
    'GET /late HTTP/1.1\r\nHost: app.test\r\nUser-Agent: test/1\r\nX',
    { status: 408, code: 'CLIENT_TIMEOUT', target: '/late' },
    { timeouts: { headMs: 150 } },
  ],
  [
    'a late body',
    `${request('POST', '/echo', agent, 'Content-Length: 9')}abc`,
    { status: 408, code: 'CLIENT_TIMEOUT', target: '/echo', bytesIn: 3 },
    { timeouts: { bodyMs: 150 } },
  ],
]

for (const [name, bytes, expected, given = {}] of refused) {
  test(`a refused request has one line: ${name}`, async (t) => {
    const contexts = name === 'no context' ? { contexts: [] } : {}
    const entries: AccessEntry[] = []
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port, ...contexts }], {
      ...given,
      accessLog: (entry) => void entries.push(entry),
    })
    const client = await RawClient.connect(t, port)
    client.send(bytes)
    const answer = await client.answer()
    assert.equal(answer?.status, expected.status)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(entries.length, 1, JSON.stringify(entries))
    const [entry] = entries
    const common = { host: 'app.test', userAgent: 'test/1', client: '127.0.0.1' }
    for (const [key, value] of Object.entries({ ...common, ...expected })) {
      assert.equal(entry?.[key as keyof AccessEntry], value, key)
    }
    assert.equal(entry?.bytes, answer?.end, 'the bytes of the response')
  })
}

test('refused requests behind others of one connection have a line each', async (t) => {
  const { client, entries } = await logged(t)
  client.send(`${get('/echo')}${get('/echo', 'Max-Forwards: x')}BAD\r\n\r\n`)
  await client.over()
  await until('all are logged', () => entries.length === 3)
  assert.deepEqual(
    entries.map(({ status }) => status),
    [200, 200, 400],
  )
})

test('a client that goes away, and a response that breaks off, have a line each', async (t) => {
  const { client, last, port } = await logged(t)
  client.send(get('/slow?pieces=100&ms=50'))
  await until('the response has begun', () => client.text.includes('piece'))
  client.reset()
  assert.equal((await last(1)).code, 'CLIENT_CLOSED')
  const other = await RawClient.connect(t, port)
  other.send(get(cutAt('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', 40, 'rst')))
  await other.over()
  assert.deepEqual([(await last(2)).code, (await last(2)).status], ['NODE_CLOSED', 200])
})

test('a tunnel has one line at its end, with the bytes of both directions', async (t) => {
  const { client, last, live, entries } = await logged(t)
  const upgrade = ['Connection: Upgrade', 'Upgrade: tcp', agent]
  client.send(post('/tunnel', 'body', ...upgrade))
  const head = (await client.answer())?.end ?? 0
  client.send('x'.repeat(100_000))
  await until('all came back', () => client.bytes.length === head + 100_004)
  assert.equal(entries.length, 0)
  client.socket.end()
  const entry = await last(1)
  assert.deepEqual([entry.status, entry.code, entry.route], [101, '', 'n1'])
  assert.deepEqual([entry.bytes, entry.bytesIn], [head + 100_004, 100_004])
  assert.equal(live(1).bytesRead, head + 100_004)
})

test('the client is the one behind trusted proxies, and nobody else can choose it', async (t) => {
  const trusting = await logged(t, { trust: ['127.0.0.1', '10.0.0.0/8'] })
  const seen = async (...fields: string[]): Promise<string> => {
    const count = trusting.entries.length + 1
    await trusting.client.ask(get('/echo', ...fields))
    const entry = await trusting.last(count)
    assert.equal(entry.remote, '127.0.0.1')
    return entry.client
  }
  assert.equal(await seen(), '127.0.0.1')
  assert.equal(await seen('X-Forwarded-For: 203.0.113.9'), '203.0.113.9')
  assert.equal(await seen('X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.1.1.1'), '203.0.113.9')
  assert.equal(
    await seen('X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 10.1.1.1'),
    '198.51.100.1',
  )
  assert.equal(await seen('X-Forwarded-For: 198.51.100.1, "x"}, 10.1.1.1'), '10.1.1.1')
  assert.equal(await seen('Forwarded: for="[2001:db8::1]:80"'), '2001:db8::1')
  assert.equal(
    await seen('X-Forwarded-For: 203.0.113.9', 'Forwarded: for=198.51.100.1'),
    '203.0.113.9',
  )
  // Also where the request is refused.
  const refusing = await RawClient.connect(t, trusting.port)
  const count = trusting.entries.length + 1
  assert.equal(
    (await refusing.ask(get('/', 'X-Forwarded-For: 203.0.113.9', 'Content-Length: x'))).status,
    400,
  )
  assert.equal((await trusting.last(count)).client, '203.0.113.9')

  const strict = await logged(t)
  await strict.client.ask(
    get('/echo', 'X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.9'),
  )
  assert.equal((await strict.last(1)).client, '127.0.0.1')
})

test('a request has an id: made, or given by a trusted proxy, at the node, in errors, and at the client', async (t) => {
  let made = 0
  const { client, last, origin, apply } = await logged(t, {
    requestId: 'client',
    trust: ['127.0.0.1'],
    newId: () => `made-${++made}`,
  })
  const given = await client.ask(get('/echo', 'X-Request-Id: edge:1'))
  assert.equal(given.get('x-request-id'), 'edge:1')
  assert.equal((await last(1)).requestId, 'edge:1')
  for (const odd of ['', 'a b', 'x'.repeat(129)])
    await client.ask(get('/echo', `X-Request-Id: ${odd}`))
  assert.equal((await last(4)).requestId, 'made-3')
  assert.deepEqual(
    origin.seen.map(({ fields }) => fields.filter(([name]) => name === 'x-request-id')),
    ['edge:1', 'made-1', 'made-2', 'made-3'].map((id) => [['x-request-id', id]]),
  )
  apply([{ kind: 'gone', id: 1 }])
  const refused = await client.ask(get('/echo'))
  assert.equal(refused.get('x-request-id'), 'made-4')
  assert.match(String(refused.body), /^404 [^\n]* \(NO_CONTEXT\)\nrequest made-4\n$/)
})

const asks = (method: string, ...more: readonly (readonly [string, string])[]): Buffer =>
  block(
    [':method', method],
    [':scheme', 'http'],
    [':authority', 'app.test'],
    [':path', '/a'],
    ...more,
  )

const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4]
const [END_STREAM, END_HEADERS] = [1, 4]

test('over HTTP/2, a body that contradicts its length before the request has begun', async (t) => {
  const { client, last } = await logged(t)
  client.socket.write(
    Buffer.concat([
      preface,
      frame(SETTINGS, 0, 0),
      frame(HEADERS, END_HEADERS, 1, asks('POST', ['content-length', '5'])),
      frame(DATA, END_STREAM, 1, Buffer.from('abc')),
    ]),
  )
  const { method, target, status, code, bytes, protocol } = await last(1)
  assert.deepEqual(
    [method, target, status, code, bytes, protocol],
    ['POST', '/a', 0, 'CLIENT_CLOSED', 0, 'HTTP/2.0'],
  )
})

test('over HTTP/2, streams that their client resets before their turn', async (t) => {
  const { client, last, entries } = await logged(t)
  const frames = [preface, frame(SETTINGS, 0, 0)]
  for (let id = 1; id < 20; id += 2) {
    frames.push(frame(HEADERS, END_HEADERS | END_STREAM, id, asks('GET')))
    frames.push(frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8])))
  }
  client.socket.write(Buffer.concat(frames))
  await last(10)
  for (const { target, code } of entries) assert.deepEqual([target, code], ['/a', 'CLIENT_CLOSED'])
})

test('over HTTP/2, streams beyond the limit have no line and are counted', async (t) => {
  const { client, proxy, last } = await logged(t)
  const frames = [preface, frame(SETTINGS, 0, 0)]
  const max = http2Limits.streamsMax
  for (let id = 1; id < 2 * max + 6; id += 2)
    frames.push(frame(HEADERS, END_HEADERS, id, asks('POST')))
  client.socket.write(Buffer.concat(frames))
  await until('three are refused', () => proxy.counters.streamsRefused === 3)
  client.socket.destroy()
  await last(max)
})
