import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWrk } from '../../../bench/support/wrk.ts'

const good = {
  microseconds: 2_000_000,
  requests: 1_000,
  bytes: 350_000,
  p50: 1_500,
  p99: 9_000,
  connect: 0,
  read: 0,
  write: 0,
  status: 0,
  timeout: 0,
}
const output = (figures: Record<string, number>): string =>
  `Running 2s test\n${JSON.stringify({ ...good, ...figures })}\n`

test('figures come in requests per second and milliseconds', () => {
  assert.deepEqual(readWrk(output({}), { kind: 'get', bodyBytes: 100 }), {
    requests: 1_000,
    requestsPerSecond: 500,
    p50Ms: 1.5,
    p99Ms: 9,
    errors: [],
  })
})

test('every kind of error is reported', () => {
  const { errors } = readWrk(output({ read: 3, status: 2, bytes: 99_000 }), {
    kind: 'get',
    bodyBytes: 100,
  })
  assert.deepEqual(errors, [
    '3 read errors',
    '2 answers 4xx or 5xx',
    '1000 bytes missing from the answers',
  ])
})

test('a run without any answer is an error', () => {
  const { errors } = readWrk(output({ requests: 0, bytes: 0 }), { kind: 'get', bodyBytes: 100 })
  assert.deepEqual(errors, ['no answer at all'])
})

test('pipelined requests have no latency', () => {
  assert.ok(Number.isNaN(readWrk(output({}), { kind: 'pipelined', bodyBytes: 100 }).p50Ms))
})

test('output without figures is refused', () => {
  assert.throws(() => readWrk('unable to connect', { kind: 'get', bodyBytes: 100 }), /no figures/)
})
