// Rules that limit bodies and times, and that answer failures with pages of their own.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { answerOf, connectHttp2 } from '../../support/http2-client.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, startNode } from '../../support/node-server.ts'
import { post, RawClient } from '../../support/raw-client.ts'
import { problemsOf, startMirror, startRules } from '../../support/rules-fixture.ts'
import { topspin } from '../../support/topspin.ts'

const folder = mkdtempSync(join(tmpdir(), 'rules-'))
after(() => rmSync(folder, { recursive: true }))

test('a body that is too long gets 413, by its length, in chunks, and over HTTP/2', async (t) => {
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]\nroutes: [{ match: /x, maxBody: 1k }]\n`,
  )
  const statusOf = async (request: string): Promise<number> =>
    (await (await RawClient.connect(t, port)).ask(request)).status
  assert.equal(await statusOf(post('/x', 'a'.repeat(1_024))), 200)
  assert.equal(await statusOf(post('/x', 'a'.repeat(1_025))), 413)
  assert.equal(await statusOf(post('/other', 'a'.repeat(9_000))), 200)
  const chunks = (count: number): string =>
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'64\r\n'.concat('c'.repeat(100), '\r\n').repeat(count)}0\r\n\r\n`
  assert.equal(await statusOf(chunks(5)), 200)
  assert.equal(await statusOf(chunks(20)), 413)
  const session = await connectHttp2(t, port)
  const stream = session.request({ ':path': '/x', ':method': 'POST' })
  stream.end('d'.repeat(5_000))
  assert.equal((await answerOf(stream)).headers[':status'], 413)
})

test('the framing of a body counts neither in chunks nor over HTTP/2', async (t) => {
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes: [{ match: /ten, maxBody: 10 }, { match: /none, maxBody: 0 }]
`,
  )
  const chunked = async (path: string, chunks: readonly string[]): Promise<number> => {
    const client = await RawClient.connect(t, port)
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`
    return (await client.ask(`${head}${chunks.join('')}0\r\n\r\n`)).status
  }
  const one = '1;name=value\r\nx\r\n'
  assert.equal(await chunked('/ten', Array(10).fill(one)), 200)
  assert.equal(await chunked('/ten', Array(11).fill(one)), 413)
  assert.equal(await chunked('/ten', Array(10).fill('1\r\nx\r\n')), 200)
  assert.equal(await chunked('/ten', Array(11).fill('1\r\nx\r\n')), 413)
  assert.equal(await chunked('/none', []), 200)
  assert.equal(await chunked('/none', [one]), 413)
  const session = await connectHttp2(t, port)
  const framed = async (path: string, pieces: readonly string[]): Promise<number> => {
    const stream = session.request({ ':path': path, ':method': 'POST' })
    for (const piece of pieces) stream.write(piece)
    stream.end()
    return (await answerOf(stream)).status
  }
  assert.equal(await framed('/ten', ['xxxxx', 'xxxxx']), 200)
  assert.equal(await framed('/ten', ['xxxxx', 'xxxxxx']), 413)
  assert.equal(await framed('/none', []), 200)
  assert.equal(await framed('/none', ['x']), 413)
})

test('a rule has its own deadline for the response, and its own number of retries', async (t) => {
  const { port: node } = await startNode(t, (request, response) => {
    if (request.url !== '/slow') response.end('done')
  })
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]\nroutes: [{ match: /slow, timeouts: { responseHead: 50ms } }]\n`,
  )
  assert.equal((await get(port, '/slow')).status, 504)
  // A node that accepts a connection and then nothing of TLS.
  let accepted = 0
  const silent = net.createServer(() => accepted++).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port: mute } = silent.address() as net.AddressInfo
  const connecting = await startRules(
    t,
    `to: ["https://127.0.0.1:${mute}"]
timeouts: { connect: 10m }
routes: [{ match: /slow, timeouts: { connect: 50ms } }]
`,
  )
  assert.equal((await get(connecting.port, '/slow')).status, 503)
  assert.equal(accepted, 1)
  const origins = await Promise.all([1, 2, 3, 4].map(() => startOrigin(t)))
  const to = origins.map((origin) => `"127.0.0.1:${origin.port}"`).join(', ')
  const retrying = await startRules(
    t,
    `to: [${to}]
routes:
  - { match: { path: /die, query: { none: "1" } }, retries: 0 }
  - { match: /die, retries: 3 }
`,
  )
  const client = await RawClient.connect(t, retrying.port)
  const ask = (target: string, id: string) =>
    client.ask(`GET ${target} HTTP/1.1\r\nHost: a\r\nX-Id: ${id}\r\n\r\n`)
  const executions = (id: string): number =>
    origins.reduce((sum, origin) => sum + origin.executions(id), 0)
  await ask('/die?times=9&none=1', 'none')
  assert.equal(executions('none'), 1)
  await ask('/die?times=9', 'more')
  assert.equal(executions('more'), 4)
})

test('failures have pages of their own, with the id of the request, and nothing in them is HTML', async (t) => {
  writeFileSync(
    join(folder, '5xx.html'),
    '<h1>{status} {reason}</h1><p>{requestId} {code} {other}</p>',
  )
  writeFileSync(join(folder, '404.json'), '{"id":"{requestId}","status":{status}}')
  const { port: node } = await startNode(t, (_, response) => {
    response.statusCode = 500
    response.end('of the application')
  })
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
requestId: client
trust: 127.0.0.1
routes:
  - match: /gone
    balancer: none
    registers: true
    errors: { 5xx: 5xx.html }
    responseHeaders: { set: { X-Id: "{requestId}" } }
  - match: /api
    errors: { 404: 404.json, 500: 5xx.html }
  - match: /own
    answer: { status: 503, body: mine }
    errors: { 5xx: 5xx.html }
`,
    join(folder, 'topspin.yaml'),
  )
  const gone = await get(port, '/gone', { 'x-request-id': 'a-1' })
  assert.equal(gone.status, 503)
  assert.equal(gone.text, '<h1>503 Service Unavailable</h1><p>a-1 NO_BALANCER {other}</p>')
  assert.equal(gone.headers['content-type'], 'text/html; charset=utf-8')
  assert.deepEqual([gone.headers['x-id'], gone.headers['retry-after']], ['a-1', '2'])
  // Those of applications and of rules stay.
  assert.equal((await get(port, '/api/x')).text, 'of the application')
  assert.equal((await get(port, '/own')).text, 'mine')
})

test('a request whose body is late gets the page, the fields and the id, also over HTTP/2', async (t) => {
  writeFileSync(join(folder, '408.txt'), '{status} {code} {requestId}')
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
requestId: client
trust: 127.0.0.1
timeouts: { body: 50ms }
routes:
  - errors: { 4xx: 408.txt }
    responseHeaders: { set: { X-Frame-Options: DENY } }
`,
    join(folder, 'late.yaml'),
  )
  const client = await RawClient.connect(t, port)
  const head =
    'POST /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: late-1\r\nContent-Length: 9\r\n\r\nhalf'
  const late = await client.ask(head)
  assert.deepEqual([late.status, String(late.body)], [408, '408 CLIENT_TIMEOUT late-1'])
  assert.deepEqual([late.get('x-frame-options'), late.get('x-request-id')], ['DENY', 'late-1'])
  const session = await connectHttp2(t, port)
  const stream = session.request({ ':path': '/x', ':method': 'POST', 'x-request-id': 'late-2' })
  stream.write('half')
  const answer = await answerOf(stream)
  assert.deepEqual([answer.status, answer.body], [408, '408 CLIENT_TIMEOUT late-2'])
  assert.equal(answer.headers['x-frame-options'], 'DENY')
})

test('wrong limits and pages are refused', async () => {
  const problem = (rule: string): string => problemsOf(`routes: [{ ${rule} }]`)[0] ?? ''
  assert.match(problem('maxBody: much'), /is not a number of bytes/)
  assert.match(problem('errors: { 200: a.html }'), /not a status; write for example 404 or 5xx/)
  assert.match(problem('errors: { 404: a.php }'), /it ends in \.html, \.json, \.txt/)
  assert.match(problem('timeouts: { responseHeads: 1s }'), /did you mean responseHead/)
  assert.match(problem('answer: 404, retries: 1'), /is for requests that go to a node/)
  const file = join(folder, 'missing.yaml')
  writeFileSync(file, 'routes: [{ errors: { 404: nowhere.html } }]\n')
  const { code, stdout, stderr } = await topspin('check', file)
  assert.equal(code, 78)
  assert.match(stdout + stderr, /routes\[0\]\.errors.*cannot be read/)
})
