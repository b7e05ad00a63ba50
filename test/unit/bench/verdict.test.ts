import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Bar, type Case, cpuBar } from '../../../bench/cases/case.ts'
import type { Row } from '../../../bench/support/compare.ts'
import { verdictLine, verdictsOf } from '../../../bench/support/verdict.ts'

test('a bar against another proxy is the quotient of the two, and met when equal', () => {
  const rows = [row('topspin', { cpuMicros: 25 }), row('haproxy', { cpuMicros: 20 })]
  assert.deepEqual(lines([cpuBar('must', 1.25, 'haproxy'), cpuBar('goal', 1, 'haproxy')], rows), [
    'must <= 1.25 x haproxy: 1.25 met',
    'goal <= 1.00 x haproxy: 1.25 missed',
  ])
})

test('a memory limit is shown with its unit', () => {
  const bars: Bar[] = [
    { level: 'must', measure: 'memoryBytes', atMost: 200e6 },
    { level: 'goal', measure: 'memoryEachBytes', atMost: 96 * 1024 },
  ]
  const rows = [row('topspin', { memoryBytes: 207e6, memoryEachBytes: 68 * 1024 })]
  assert.deepEqual(lines(bars, rows), ['must <= 200 MB: 207 missed', 'goal <= 96 KB: 68 met'])
})

test('a proxy that is not there leaves the bar open', () => {
  assert.deepEqual(lines([cpuBar('must', 4, 'nginx')], [row('topspin', { cpuMicros: 20 })]), [
    'must <= 4.00 x nginx: not measured (no figures of nginx)',
  ])
})

test('errors put the verdict in doubt', () => {
  const rows = [row('topspin', { cpuMicros: 20 }), row('nginx', { cpuMicros: 20 }, ['round 1: x'])]
  assert.deepEqual(lines([cpuBar('goal', 1, 'nginx')], rows), [
    'goal <= 1.00 x nginx: 1.00 met (in doubt: errors of nginx)',
  ])
})

function lines(bars: readonly Bar[], rows: readonly Row[]): string[] {
  const what = { bars } as Case
  return verdictsOf(what, rows).map(verdictLine)
}

function row(name: string, figures: object, errors: readonly string[] = []): Row {
  const none = { requests: 1, requestsPerSecond: 1, p50Ms: 1, p99Ms: 1, cpuMicros: Number.NaN }
  const median = { ...none, memoryBytes: 1, errors: [], ...figures }
  return { name, version: '1.0', median, rounds: [], errors }
}
