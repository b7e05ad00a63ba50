// Traces of several worker processes: each sends its own spans, and none is lost at a normal end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNode } from '../../support/node-server.ts'
import { startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { until } from '../../support/until.ts'
import { clientsOfAll, startWorkers } from '../../support/workers.ts'

test('each worker sends whole traces under its own name, /metrics adds them up, and the last ones leave before the end', async (t) => {
  const receiver = await startOtlpReceiver(t)
  const parents: string[] = []
  const node = await startNode(t, ({ headers }, response) => {
    parents.push(String(headers['traceparent']))
    response.end('done')
  })
  const serve = await startWorkers(t, 2, {
    TOPSPIN_TRACING_ENDPOINT: receiver.url,
    TOPSPIN_TRACING_SAMPLE: '1',
  })
  await serve.register('a', node.port, 100)
  const clients = await clientsOfAll(t, serve)
  for (const client of clients) for (let i = 0; i < 3; i++) await client.get('/x')
  await receiver.trace(parents.length)

  const roots = receiver.spans.filter(({ kind }) => kind === 2)
  assert.equal(roots.length, parents.length)
  assert.equal(new Set(roots.map(({ traceId }) => traceId)).size, parents.length)
  for (const { traceId, spanId, pid } of roots) {
    const [attempt, ...others] = receiver.spans.filter((span) => span.parentSpanId === spanId)
    assert.ok(attempt !== undefined && others.length === 0)
    assert.equal(attempt.pid, pid)
    assert.ok(parents.includes(`00-${traceId}-${attempt.spanId}-01`))
  }
  const workers = (await serve.workers()).map(({ pid }) => pid)
  assert.deepEqual(new Set(roots.map(({ pid }) => pid)), new Set(workers))
  await until('the metrics have the spans of both', async () => {
    const text = await (await fetch(`${serve.control}metrics`)).text()
    assert.match(text, /^topspin_trace_spans_dropped_total 0$/m)
    return new RegExp(`^topspin_trace_spans_total ${2 * parents.length}$`, 'm').test(text)
  })

  for (const client of clients) await client.get('/last')
  serve.child.kill('SIGTERM')
  assert.equal((await serve.ended).code, 0)
  const last = receiver.spans.filter(({ attributes }) => attributes['url.path'] === '/last')
  assert.equal(last.length, clients.length)
})
