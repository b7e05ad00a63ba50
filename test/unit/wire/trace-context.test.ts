import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTraceParent, writeTraceParent } from '../../../src/wire/trace-context.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test('a traceparent is read and written back', () => {
  const value = `00-${traceId}-${spanId}-01`
  assert.deepEqual(readTraceParent(value), { traceId, spanId, flags: 1 })
  assert.equal(writeTraceParent({ traceId, spanId, flags: 1 }), value)
})

test('of a later version, the beginning is read', () => {
  assert.equal(readTraceParent(`01-${traceId}-${spanId}-00-more`)?.traceId, traceId)
  assert.equal(readTraceParent(`01-${traceId}-${spanId}-00`)?.spanId, spanId)
})

test('an invalid traceparent begins a new trace', () => {
  const odd = [
    '',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `01-${traceId}-${spanId}-01-${'x'.repeat(300)}`,
  ]
  for (const value of odd) assert.equal(readTraceParent(value), undefined, value)
})
