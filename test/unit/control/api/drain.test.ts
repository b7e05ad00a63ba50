import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { steeringLimits } from '../../../../src/base/limits.ts'
import { Drain, type DrainProgress, type Work } from '../../../../src/control/api/drain.ts'

let work: Map<string, Work>
let stopped: string[]
let overtaken: Set<string>
let ended: DrainProgress[]

beforeEach(() => {
  work = new Map([
    ['a', { sessions: 2, inFlight: 1 }],
    ['b', { sessions: 0, inFlight: 0 }],
  ])
  stopped = []
  overtaken = new Set()
  ended = []
})

const drain = (...routes: string[]): Drain =>
  new Drain(
    {
      work: (route) => work.get(route),
      isInForce: (route) => !overtaken.has(route),
      stop: async (route) => stopped.push(route) > 0,
      ended: (progress) => void ended.push(progress),
    },
    routes,
    10_000,
    { now: 0, wall: 0 },
  )

const statesOf = ({ progress }: Drain): readonly string[] =>
  progress.nodes.map(({ state }) => state)

test('a node is stopped when nothing is left, or at the deadline, and done when its requests have ended', async () => {
  const made = drain('a', 'b')
  assert.equal(made.progress.until, '1970-01-01T00:00:10.000Z')
  await made.step(200, 200)
  assert.deepEqual(stopped, ['b'])
  assert.deepEqual(statesOf(made), ['sessions', 'requests'])
  await made.step(9_999, 9_999)
  assert.deepEqual(statesOf(made), ['sessions', 'done'])
  assert.equal(made.progress.state, 'sessions')
  await made.step(10_000, 10_000)
  assert.deepEqual(stopped, ['b', 'a'])
  assert.equal(made.progress.state, 'requests')
  work.set('a', { sessions: 2, inFlight: 0 })
  await made.step(11_000, 11_000)
  assert.ok(made.isOver)
  assert.equal(ended[0]?.state, 'done')
  assert.equal(ended[0]?.ended, '1970-01-01T00:00:11.000Z')
  await made.step(12_000, 12_000)
  assert.equal(ended.length, 1)
})

test('requests that take too long after the stop are told', async () => {
  const made = drain('a')
  await made.step(10_000, 10_000)
  await made.step(10_000 + steeringLimits.lastRequestsMs, 0)
  assert.equal(made.progress.state, 'late')
  assert.equal(made.progress.nodes[0]?.inFlight, 1)
})

test('a node that leaves is done, one whose orders somebody changes is left alone', async () => {
  const made = drain('a', 'b')
  work.delete('a')
  overtaken.add('b')
  await made.step(1, 1)
  assert.deepEqual(statesOf(made), ['done', 'overtaken'])
  assert.deepEqual(stopped, [])
  assert.equal(made.progress.state, 'overtaken')
})

test('a cancelled drain stops nothing more', async () => {
  const made = drain('a')
  made.cancel(5)
  await made.step(20_000, 20_000)
  assert.deepEqual(stopped, [])
  assert.equal(made.progress.state, 'cancelled')
})
