// Traces, as a receiver of OTLP gets them: a span for each request, one for each attempt, and W3C Trace Context to the node.

import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { validateConfig } from '../../../src/config/schema.ts'
import { TracingInForce } from '../../../src/server/tracing/tracing-in-force.ts'
import { contextOf, type NodeGiven, startProxy } from '../../support/cluster-fixture.ts'
import { freePorts } from '../../support/free-ports.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { cutAt, startOrigin } from '../../support/misbehaving-origin.ts'
import { startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const callerId = 'b7ad6b7169203331'

/** A proxy that traces, in front of an origin and of the nodes given before it. */
async function traced(
  t: TestContext,
  keys: Readonly<Record<string, unknown>> = {},
  before: readonly NodeGiven[] = [],
) {
  const receiver = await startOtlpReceiver(t)
  const origin = await startOrigin(t)
  const contexts = [contextOf('/')]
  const proxy = await startProxy(t, [...before, { port: origin.port, contexts }])
  const log = memoryLog()
  const tracing = new TracingInForce(proxy.proxy, log)
  const read = validateConfig({ tracing: { endpoint: receiver.url, ...keys } })
  assert.ok(read.ok)
  tracing.replace(read.config)
  t.after(() => tracing.close())
  const client = await RawClient.connect(t, proxy.port)
  const sent = (name: string): string | undefined => origin.seen.at(-1)?.get(name)
  return { ...proxy, receiver, origin, tracing, client, sent, log }
}

test('a trace of the client is continued, with one span for the request and one for its attempt', async (t) => {
  const { client, receiver, sent, origin } = await traced(t, { service: 'front', headers: 'a=b' })
  const parent = `traceparent: 00-${traceId}-${callerId}-01`
  await client.ask(get('/echo?a=1', parent, 'tracestate: x=1,y=2', 'User-Agent: curl/8'))
  const [root, attempt] = await receiver.trace(1)
  assert.ok(root && attempt)
  assert.deepEqual(
    [root.traceId, root.parentSpanId, root.traceState],
    [traceId, callerId, 'x=1,y=2'],
  )
  assert.deepEqual([attempt.parentSpanId, attempt.kind], [root.spanId, 3])
  assert.equal(sent('traceparent'), `00-${traceId}-${attempt.spanId}-01`)
  assert.equal(sent('tracestate'), 'x=1,y=2')
  assert.equal(root.name, 'GET /')
  assert.deepEqual(root.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/echo',
    'url.query': 'a=1',
    'server.address': 'app.test',
    'http.route': '/',
    'http.response.status_code': 200,
    'client.address': '127.0.0.1',
    'network.peer.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'user_agent.original': 'curl/8',
    'topspin.balancer': 'mycluster',
    'topspin.node': 'n1',
  })
  assert.deepEqual(attempt.attributes, {
    'http.request.method': 'GET',
    'url.full': `http://127.0.0.1:${origin.port}/echo?a=1`,
    'server.address': '127.0.0.1',
    'server.port': origin.port,
    'http.response.status_code': 200,
    'topspin.node': 'n1',
  })
  assert.ok(root.start <= attempt.start && attempt.start <= attempt.end && attempt.end <= root.end)
  assert.equal(receiver.resource()['service.name'], 'front')
  assert.equal(receiver.requests.at(-1)?.url, '/v1/traces')
  assert.equal(receiver.requests.at(-1)?.headers['a'], 'b')
})

test('a request without a trace, or with an invalid one, begins a new trace', async (t) => {
  const { client, receiver, sent } = await traced(t)
  for (const parent of ['x-nothing: 1', 'traceparent: 00-1-2-3'])
    await client.ask(get('/echo', parent, 'tracestate: x=1'))
  const [root, attempt] = await receiver.trace(2)
  assert.ok(root && attempt)
  assert.equal(root.parentSpanId, undefined)
  assert.equal(sent('traceparent'), `00-${root.traceId}-${attempt.spanId}-01`)
  assert.equal(sent('tracestate'), undefined)
})

test('what is not sampled has no spans, and the node is told', async (t) => {
  const { client, receiver, sent, tracing } = await traced(t, { sample: 0 })
  await client.ask(get('/echo'))
  assert.match(sent('traceparent') ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  await client.ask(get('/echo', `traceparent: 00-${traceId}-${callerId}-00`))
  assert.match(sent('traceparent') ?? '', new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
  await client.ask(get('/echo', `traceparent: 00-${traceId}-${callerId}-01`))
  await tracing.close()
  assert.equal(receiver.spans.filter(({ kind }) => kind === 2).length, 1)
})

test('only traces of trusted proxies are continued where that is configured', async (t) => {
  const { client, sent } = await traced(t, { continue: 'trusted' })
  await client.ask(get('/echo', `traceparent: 00-${traceId}-${callerId}-01`))
  assert.doesNotMatch(sent('traceparent') ?? '', new RegExp(traceId))
})

test('without tracing the fields of the client pass unchanged', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  await client.ask(get('/echo', 'traceparent: anything', 'tracestate: x'))
  assert.equal(origin.seen.at(-1)?.get('traceparent'), 'anything')
  assert.equal(origin.seen.at(-1)?.get('tracestate'), 'x')
})

test('a request over HTTP/2 is traced as one of HTTP/1.1', async (t) => {
  const { port, receiver } = await traced(t)
  const session = connect(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/echo', traceparent: `00-${traceId}-${callerId}-01` })
  stream.resume().end()
  const [root, attempt] = await receiver.trace(1)
  assert.equal(root?.parentSpanId, callerId)
  assert.equal(root?.attributes['network.protocol.version'], '2')
  assert.equal(attempt?.attributes['http.response.status_code'], 200)
})

test('each attempt has a span: the failed one with its reason, the second one with its number', async (t) => {
  const [dead = 0] = await freePorts(1)
  const { client, receiver, sent } = await traced(t, {}, [{ port: dead }])
  let answers = 0
  while (
    answers < 20 &&
    !receiver.spans.some(({ attributes }) => attributes['http.request.resend_count'])
  ) {
    await client.ask(get('/echo'))
    answers += 1
    await receiver.trace(answers)
  }
  const second = receiver.spans.find(
    ({ attributes }) => attributes['http.request.resend_count'] === 1,
  )
  assert.ok(second)
  const first = receiver.spans.find(
    ({ traceId: id, kind, spanId }) =>
      id === second.traceId && kind === 3 && spanId !== second.spanId,
  )
  assert.equal(first?.attributes['error.type'], 'NODE_CONNECT')
  assert.equal(first?.attributes['topspin.node'], 'n1')
  assert.equal(first?.status, 2)
  assert.equal(second.attributes['topspin.node'], 'n2')
  assert.equal(second.status, undefined)
  assert.equal(sent('traceparent'), `00-${second.traceId}-${second.spanId}-01`)
})

test('errors, responses of the proxy itself and broken responses are told apart', async (t) => {
  const { client, port, receiver, apply } = await traced(t)
  const broken = await RawClient.connect(t, port)
  broken.send(get(cutAt('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345', 42, 'fin')))
  const [cut, part] = await receiver.trace(1)
  assert.deepEqual(
    [cut?.status, cut?.attributes['error.type'], cut?.attributes['http.response.status_code']],
    [2, 'NODE_CLOSED', 200],
  )
  assert.deepEqual([part?.status, part?.attributes['error.type']], [2, 'NODE_CLOSED'])
  apply([{ kind: 'gone', id: 1 }])
  await client.ask(get('/nowhere'))
  const unknown = await receiver.trace(2)
  assert.equal(unknown.length, 1)
  assert.equal(unknown[0]?.name, 'GET')
  assert.equal(unknown[0]?.status, undefined)
  assert.equal(unknown[0]?.attributes['topspin.code'], 'NO_CONTEXT')
})

test('a receiver that fails gets the same spans later, and one that refuses them is counted', async (t) => {
  const { client, receiver, tracing, log } = await traced(t)
  receiver.answers.push(503)
  await client.ask(get('/echo'))
  await receiver.trace(1)
  assert.equal(receiver.requests.length, 2)
  await until('it is counted', () => tracing.counts.sent === 2)
  assert.deepEqual(log.messages, ['traces not sent', 'traces sent again'])
  receiver.answers.push(400)
  await client.ask(get('/echo'))
  await until('it is dropped', () => tracing.counts.dropped === 2, 5_000)
})
