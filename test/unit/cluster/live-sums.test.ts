// The live numbers of several processes, added up.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { contextLive, LiveTable } from '../../../src/cluster/live.ts'
import { FiguresReader, LiveSums } from '../../../src/cluster/live-sums.ts'
import { roomFigures } from '../../../src/cluster/room-figures.ts'
import { newNodeTimes } from '../../../src/cluster/times.ts'

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
  const figures = JSON.parse(JSON.stringify(reader.read(live, now)))
  sums.add(name, figures, (id) => known.has(id), now)
  return figures.length
}

test('totals of all processes are added up, however often they are reported', () => {
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

test('only rows that have changed are reported', () => {
  row('x', 1).elected = 1
  row('x', 2).elected = 1
  assert.equal(report('x'), 2)
  row('x', 2).bytesRead = 9
  assert.equal(report('x'), 1)
  assert.equal(report('x'), 0)
})

test('a node that no request was sent to is not reported', () => {
  row('x', 1)
  row('x', 2).elected = 1
  assert.equal(report('x'), 1)
  assert.equal(report('x'), 0)
})

test('when a process exits its totals stay and its requests in flight are subtracted', () => {
  Object.assign(row('x', 1), { inFlight: 4, elected: 10 })
  Object.assign(row('y', 1), { inFlight: 1, elected: 1 })
  report('x')
  report('y')
  sums.drop('x')
  assert.deepEqual([sum.of(1).inFlight, sum.of(1).elected], [1, 11])
})

test('requests in flight on each path are added up, and subtracted when the process exits', () => {
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

test('a session in several processes counts once', () => {
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

test('a late report does not bring back the row of a node that is gone', () => {
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

test('requests in hand are added up; service time and concurrency are means, weighted by answers', () => {
  const serve = (name: string, ms: number, answers: number): void => {
    const { room } = row(name, 1)
    for (let at = 0; at < answers; at++) {
      const request = new HeldRequest()
      room.begin(request, at * ms)
      room.end(request, (at + 1) * ms, true)
    }
    room.begin(new HeldRequest(), answers * ms)
    report(name, answers * ms)
  }
  serve('x', 10, 1)
  serve('y', 40, 2)
  const seen = roomFigures(sum.of(1), 0)
  const weight = row('x', 1).room.answers / row('y', 1).room.answers
  assert.deepEqual([seen.inHand, seen.long], [2, 0])
  assert.ok(Math.abs(seen.ms - (10 * weight + 40) / (weight + 1)) < 0.01, String(seen.ms))
  sums.drop('y')
  const left = roomFigures(sum.of(1), 0)
  assert.deepEqual([left.inHand, Math.round(left.ms), left.knee], [1, 10, 1])
})

test('a row with requests in hand is reported each time, since its service time rises', () => {
  row('x', 1).room.begin(new HeldRequest(), 0)
  assert.equal(report('x', 1), 1)
  assert.equal(report('x', 2), 1)
})

test('the times of a node are added up, and stay when a process exits', () => {
  for (const name of ['x', 'y']) {
    const times = newNodeTimes()
    Object.assign(row(name, 1), { elected: 1, times })
    times.count(200)
    report(name)
    times.count(200)
    row(name, 1).elected = 2
    report(name)
  }
  sums.drop('x')
  assert.equal(sum.of(1).times?.values[2], 4)
})

test('a node that some process has ejected counts, until it is readmitted or the process exits', () => {
  const eject = (name: string, until: number): void => {
    row(name, 1).outlier.until = until
    report(name)
  }
  eject('x', 0)
  eject('y', 100)
  assert.equal(sum.of(1).workersEjecting, 1)
  eject('x', 100)
  assert.equal(sum.of(1).workersEjecting, 2)
  eject('x', 0)
  assert.equal(sum.of(1).workersEjecting, 1)
  sums.drop('y')
  assert.equal(sum.of(1).workersEjecting, 0)
})
