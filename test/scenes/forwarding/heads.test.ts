// Heads of requests and responses: how large they may be, what is said about those that are refused, and what a
// response gets that a node has left out.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { test } from 'node:test'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { type MemoryLog, memoryLog } from '../../support/memory-log.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { type Answer, get, RawClient, request } from '../../support/raw-client.ts'

async function started(t: Parameters<typeof startOrigin>[0], given: Given = {}) {
  const log = memoryLog()
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }], { ...given, log })
  const client = await RawClient.connect(t, port)
  return { log, origin, port, client }
}

const invalid = ({ messages, details }: MemoryLog): object[] =>
  details.filter((_, index) => messages[index] === 'invalid response from node')

const ok = (...fields: string[]): string =>
  get(raw(`HTTP/1.1 200 OK\r\n${[...fields, 'Content-Length: 2'].join('\r\n')}\r\n\r\nok`))

test('a Kerberos ticket of 12 KB and many cookies reach the node', async (t) => {
  const { client, origin } = await started(t)
  const ticket = `Negotiate ${'Y'.repeat(12_288)}`
  assert.equal((await client.ask(get('/echo', `Authorization: ${ticket}`))).status, 200)
  assert.equal(origin.seen[0]?.get('authorization'), ticket)
  // Many cookies at once, in pieces of a few bytes.
  const bytes = get('/echo', ...Array.from({ length: 6 }, (_, i) => `C${i}: ${'c'.repeat(9_000)}`))
  for (let at = 0; at < bytes.length; at += 1_000) {
    client.send(bytes.slice(at, at + 1_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await client.answer())?.status, 200)
})

test('a policy of 9 KB reaches the client', async (t) => {
  const policy = `default-src ${'a'.repeat(9_000)}`
  const node = createServer((_, response) => {
    response.setHeader('Content-Security-Policy', policy).end('ok')
  }).listen(0, '127.0.0.1')
  t.after(() => node.close())
  await once(node, 'listening')
  const { port } = await startProxy(t, [{ port: (node.address() as AddressInfo).port }])
  const client = await RawClient.connect(t, port)
  const answer = await client.ask(get('/'))
  assert.equal(answer.get('content-security-policy'), policy)
  client.socket.destroy()
})

test('a response that breaks a limit is a 502, and the log names the limit', async (t) => {
  const log = memoryLog()
  const cases = [
    [[`X-Long: ${'x'.repeat(1_000)}`], 'header field longer than headers.maxField: x-long'],
    [
      Array.from({ length: 4 }, () => `X: ${'x'.repeat(900)}`),
      'header fields larger than headers.maxTotal',
    ],
    [
      Array.from({ length: 30 }, (_, i) => `X-${i}: 1`),
      'more header fields than headers.maxCount: x-20',
    ],
    [['X-Name : a\nb'], 'a line does not end with CR LF: x-name'],
    [['X-Name: a\0b'], 'invalid field line: x-name'],
    [['Content-Length: 3', 'Content-Length: 2'], 'invalid or conflicting Content-Length'],
    [['Transfer-Encoding: gzip'], 'invalid Transfer-Encoding'],
  ] as const
  const broken = ['Transfer-Encoding: chunked\r\n\r\nno chunk']
  const heads = [...cases.map(([fields]) => fields), broken]
  const node = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      const index = Number(/^GET .(\d+)/.exec(`${bytes}`)?.[1])
      socket.write(`HTTP/1.1 200 OK\r\n${heads[index]?.join('\r\n')}\r\n\r\n`)
    })
  }).listen(0, '127.0.0.1')
  t.after(() => node.close())
  await once(node, 'listening')
  const headLimits = { fieldBytes: 1_000, totalBytes: 3_000, count: 20 }
  const nodes = [{ port: (node.address() as AddressInfo).port }]
  const { port } = await startProxy(t, nodes, { log, headLimits })
  const client = await RawClient.connect(t, port)
  for (const [index, [, reason]] of cases.entries()) {
    assert.equal((await client.ask(get(`/${index}`))).status, 502, reason)
    assert.deepEqual(invalid(log).at(-1), { route: 'n1', reason })
  }
  client.send(get(`/${cases.length}`))
  await client.over()
  assert.deepEqual(invalid(log).at(-1), { route: 'n1', reason: 'invalid chunked body' })
})

test('the same limits hold for requests, and the client reads which', async (t) => {
  const headLimits = { fieldBytes: 1_000, totalBytes: 3_000, count: 20 }
  const cases = [
    [[`X: ${'x'.repeat(1_000)}`], 'maxField'],
    [Array.from({ length: 4 }, () => `X: ${'x'.repeat(900)}`), 'maxTotal'],
    [Array.from({ length: 30 }, (_, i) => `X-${i}: 1`), 'maxCount'],
  ] as const
  for (const [fields, name] of cases) {
    const { client } = await started(t, { headLimits })
    const answer = await client.ask(get('/echo', ...fields))
    assert.equal(answer.status, 431)
    assert.match(`${answer.body}`, new RegExp(`headers\\.${name} \\(HTTP_FIELDS_LARGE\\)`))
  }
})

test('invalid responses do not flood the log', async (t) => {
  const { client, log } = await started(t)
  for (let i = 0; i < 40; i++) assert.equal((await client.ask(ok('X: \0'))).status, 502)
  assert.equal(log.messages.filter((text) => text === 'invalid response from node').length, 20)
})

test('a response without Date gets one, a response with Date keeps it, and our own have one', async (t) => {
  const { client } = await started(t)
  const near = (answer: Answer | undefined): void => {
    const date = answer?.get('date') ?? ''
    assert.match(date, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/)
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 5_000, date)
  }
  near(await client.ask(ok('X: 1')))
  near(await client.ask(get(raw('HTTP/1.1 204 No Content\r\n\r\n'))))
  near(await client.ask(get(raw('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'))))
  near(await client.ask(request('HEAD', '/echo')))
  const kept = await client.ask(ok('dATE: Sun, 06 Nov 1994 08:49:37 GMT'))
  assert.deepEqual(
    kept.fields.filter(([name]) => name.toLowerCase() === 'date'),
    [['date', 'Sun, 06 Nov 1994 08:49:37 GMT']],
  )
  client.send(get(raw('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')))
  assert.equal((await client.answer())?.get('date'), undefined)
  near(await client.answer())
  near(await client.ask(ok('X: \0')))
  near(await client.ask('nonsense\r\n\r\n'))
})

test('a status above 599 and members of Connection that are no tokens pass', async (t) => {
  const { client, origin } = await started(t)
  const odd = await client.ask(get(raw('HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nok')))
  assert.deepEqual([odd.status, `${odd.body}`], [600, 'ok'])
  const answer = await client.ask(ok('Connection: "x"'))
  assert.deepEqual([answer.status, answer.get('connection')], [200, undefined])
  assert.equal((await client.ask(get('/echo', 'Connection: "x"'))).status, 200)
  assert.equal(origin.seen.at(-1)?.get('connection'), undefined)
})

test('equal lengths of a node are accepted, and lines that end with LF are refused', async (t) => {
  const { client } = await started(t)
  const twice = await client.ask(ok('Content-Length: 2'))
  assert.deepEqual([twice.status, twice.get('content-length')], [200, '2'])
  assert.equal((await client.ask(get(raw('HTTP/1.1 200 OK\nContent-Length: 2\n\nok')))).status, 502)
  const refused = await client.ask('GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n')
  assert.equal(refused.status, 400)
  assert.match(`${refused.body}`, /a line does not end with CR LF/)
})
