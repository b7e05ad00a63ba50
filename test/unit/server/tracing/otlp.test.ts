import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AttemptSpan, TraceReport } from '../../../../src/proxy/index.ts'
import { otlpJson, spansIn } from '../../../../src/server/tracing/otlp.ts'
import { accessEntry } from '../../../support/access-entry.ts'

const attemptOf = (given: Partial<AttemptSpan> = {}): AttemptSpan => ({
  spanId: 'b7ad6b7169203332',
  route: 'a',
  host: '10.0.0.2',
  port: 8080,
  type: 'http',
  beganMs: 0.5,
  endedMs: 1.5,
  status: 200,
  error: '',
  ...given,
})

const traceOf = (given: Partial<TraceReport> = {}): TraceReport => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: '',
  state: '',
  entry: accessEntry({ time: 1_795_245_573_843.5, durationMs: 2 }),
  attempts: [attemptOf()],
  ...given,
})

interface Sent {
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
  readonly [field: string]: unknown
}

const spansOf = (...traces: TraceReport[]): readonly Sent[] => {
  const text = otlpJson(traces, { service: 'front', instance: 'host-1' })
  assert.match(text, /^[ -~]*$/, 'the message is ASCII')
  const [resource] = JSON.parse(text).resourceSpans
  return resource.scopeSpans[0].spans
}

const valueIn = ({ attributes }: Sent, key: string): unknown =>
  Object.values(attributes.find((each) => each.key === key)?.value ?? {})[0]

test('a trace has a span for the request and one for each attempt', () => {
  const entry = accessEntry({
    host: '[::1]:81',
    protocol: 'HTTP/2.0',
    status: 502,
    code: 'NODE_X',
    rule: 'api',
  })
  const attempts = [
    attemptOf({ status: 0, error: 'NODE_CONNECT', port: 0, type: 'h2c' }),
    attemptOf({ type: 'ajp', status: 0, endedMs: 0 }),
  ]
  const trace = traceOf({ parentId: 'c7ad6b7169203331', state: 'x=1', entry, attempts })
  const [root, first, second, ...others] = spansOf(trace)
  assert.ok(root && first && second)
  assert.deepEqual([others.length, spansIn(trace)], [0, 3])
  assert.deepEqual(
    [root['parentSpanId'], root['traceState'], root['flags'], root['name'], root['status']],
    ['c7ad6b7169203331', 'x=1', 0x301, 'GET /shop', { code: 2, message: 'NODE_X' }],
  )
  assert.equal(valueIn(root, 'server.address'), '::1')
  assert.equal(valueIn(root, 'server.port'), '81')
  assert.equal(valueIn(root, 'network.protocol.version'), '2')
  assert.equal(valueIn(root, 'error.type'), 'NODE_X')
  assert.equal(valueIn(root, 'topspin.rule'), 'api')
  assert.equal(valueIn(first, 'error.type'), 'NODE_CONNECT')
  assert.equal(valueIn(first, 'server.port'), undefined)
  assert.equal(valueIn(first, 'network.protocol.version'), '2')
  assert.equal(valueIn(second, 'http.request.resend_count'), '1')
  assert.equal(valueIn(second, 'network.protocol.name'), 'ajp')
  assert.equal(second['startTimeUnixNano'], second['endTimeUnixNano'])
})

test('times are nanoseconds since 1970', () => {
  const [root, attempt] = spansOf(traceOf())
  assert.equal(root?.['startTimeUnixNano'], '1795245573841500000')
  assert.equal(root?.['endTimeUnixNano'], '1795245573843500000')
  assert.equal(attempt?.['startTimeUnixNano'], '1795245573842000000')
})

test('an unknown method is not a name', () => {
  const [root] = spansOf(traceOf({ entry: accessEntry({ method: 'BREW', context: '' }) }))
  assert.equal(root?.['name'], 'HTTP')
  assert.equal(valueIn(root as Sent, 'http.request.method_original'), 'BREW')
})

test('any text arrives as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, other) => {
      const entry = accessEntry({ target: `/${text}`, userAgent: other, host: `h${text}` })
      const [root] = spansOf(traceOf({ entry, state: text })) as [Sent]
      const query = valueIn(root, 'url.query') === undefined ? '' : `?${valueIn(root, 'url.query')}`
      assert.ok(`/${text}`.startsWith(`${valueIn(root, 'url.path')}${query}`))
      assert.equal(valueIn(root, 'user_agent.original') ?? '', other)
      assert.equal(root['traceState'] ?? '', text)
    }),
  )
})
