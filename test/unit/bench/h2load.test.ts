import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readH2load } from '../../../bench/support/h2load.ts'

const output = (succeeded: number, failed: number, good: number): string => `
finished in 1.00s, 34159.00 req/s, 7.43MB/s
requests: 34159 total, 34287 started, 34159 done, ${succeeded} succeeded, ${failed} failed, 0 errored, 0 timeout
status codes: ${good} 2xx, 0 3xx, 0 4xx, ${succeeded - good} 5xx
`

test('the answers with a status of success are the requests that count', () => {
  const { requests, requestsPerSecond, errors } = readH2load(output(34_159, 0, 34_159))
  assert.deepEqual([requests, requestsPerSecond, errors], [34_159, 34_159, []])
})

test('requests that failed, and answers with another status, are reported', () => {
  assert.deepEqual(readH2load(output(34_000, 159, 33_990)).errors, [
    '159 requests failed',
    '10 answers other than 2xx',
  ])
})

test('an output without figures is an error', () => {
  assert.throws(() => readH2load('could not connect'), /no figures in its output: could not/)
})
