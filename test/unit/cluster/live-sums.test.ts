// The numbers of several processes as one table.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { contextLive, LiveTable } from '../../../src/cluster/live.ts'
import { FiguresReader, LiveSums } from '../../../src/cluster/live-sums.ts'

let sum: LiveTable
let sums: LiveSums<string>
let known: Set<number>
let workers: Map<string, { live: LiveTable; reader: FiguresReader }>

beforeEach(() => {
  sum = new LiveTable()
  sums = new LiveSums(sum)
  known = new Set([1, 2])
  workers = new Map(
    ['x', 'y'].map((name) => [name, { live: new LiveTable(), reader: new FiguresReader() }]),
  )
})

const row = (name: string, id: number) => workers.get(name)!.live.of(id)

function report(name: string, now = 0): number {
  const { live, reader } = workers.get(name)!
  const figures = JSON.parse(JSON.stringify(reader.read(live)))
  sums.add(name, figures, (id) => known.has(id), now)
  return figures.length
}

test('totals of all processes are added up, however often they are told', () => {
  Object.assign(row('x', 1), { inFlight: 2, elected: 10, bytesRead: 5, bytesSent: 7, failures: 1 })
  Object.assign(row('y', 1), { inFlight: 1, elected: 3 })
  report('x')
  report('y')
  row('x', 1).elected = 12
  row('x', 1).inFlight = 0
  report('x')
  report('x')
  const { inFlight, elected, bytesRead, bytesSent, failures } = sum.of(1)
  assert.deepEqual(
    { inFlight, elected, bytesRead, bytesSent, failures },
    { inFlight: 1, elected: 15, bytesRead: 5, bytesSent: 7, failures: 1 },
  )
})

test('only rows that have changed are told', () => {
  row('x', 1).elected = 1
  row('x', 2).elected = 1
  assert.equal(report('x'), 2)
  row('x', 2).bytesRead = 9
  assert.equal(report('x'), 1)
  assert.equal(report('x'), 0)
})

test('of a process that has ended the counters stay and what was in flight is over', () => {
  Object.assign(row('x', 1), { inFlight: 4, elected: 10 })
  Object.assign(row('y', 1), { inFlight: 1, elected: 1 })
  report('x')
  report('y')
  sums.drop('x')
  assert.deepEqual([sum.of(1).inFlight, sum.of(1).elected], [1, 11])
})

test('what is in flight on each path is added up, and over with its process', () => {
  const begin = (name: string, path: string, inFlight: number): void => {
    contextLive(row(name, 1), path).inFlight += inFlight
    row(name, 1).inFlight += inFlight
    row(name, 1).elected += inFlight
    report(name)
  }
  const seen = (): object =>
    Object.fromEntries([...sum.of(1).contexts].map(([path, { inFlight }]) => [path, inFlight]))
  begin('x', '/a', 2)
  begin('x', '/b', 1)
  begin('y', '/a', 5)
  assert.deepEqual(seen(), { '/a': 7, '/b': 1 })
  begin('x', '/a', -2)
  assert.deepEqual(seen(), { '/a': 5, '/b': 1 })
  sums.drop('y')
  assert.deepEqual(seen(), { '/a': 0, '/b': 1 })
})

test('a session that several processes have seen counts once', () => {
  for (const name of ['x', 'y'])
    for (const id of ['s1', 's2', name]) {
      row(name, 1).sessions.note(`${id}.a`, 0)
      row(name, 1).elected++
    }
  report('x')
  report('y')
  report('y')
  assert.equal(sum.of(1).sessions.count(0), 4)
})

test('a report that crosses the end of its node does not bring the row back', () => {
  row('x', 2).inFlight = 1
  report('x')
  known.delete(2)
  sums.forget(2)
  sum.forget(2)
  row('x', 2).inFlight = 0
  report('x')
  sums.drop('x')
  assert.deepEqual([...sum.rows()], [])
})

test('the load report that came last stands, with the time at which it was heard of', () => {
  row('x', 1).report = { inFlight: 3, pace: 20, at: 500 }
  report('x', 1_000)
  row('y', 1).elected = 1
  report('y', 2_000)
  assert.deepEqual(sum.of(1).report, { inFlight: 3, pace: 20, at: 1_000 })
  row('y', 1).report = { inFlight: 5, pace: 10, at: 9 }
  report('y', 3_000)
  assert.deepEqual(sum.of(1).report, { inFlight: 5, pace: 10, at: 3_000 })
})
