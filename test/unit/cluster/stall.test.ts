import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { type NodeLive, newLive } from '../../../src/cluster/live.ts'

function waiting(count: number): NodeLive {
  const live = newLive()
  for (let i = 0; i < count; i++) live.room.begin(new HeldRequest(), 0)
  return live
}

test('a node has stalled when requests wait and no byte has come for a second', () => {
  const live = waiting(4)
  const at = [10, 500, 1_010, 1_011].map((now) => live.stall.isStalled(live, now))
  assert.deepEqual(at, [false, false, false, true])
})

test('a byte ends it, and the time begins anew', () => {
  const live = waiting(10)
  assert.equal(live.stall.isStalled(live, 10), false)
  assert.equal(live.stall.isStalled(live, 2_000), true)
  live.bytesRead++
  const at = [2_001, 3_001, 3_002].map((now) => live.stall.isStalled(live, now))
  assert.deepEqual(at, [false, false, true])
})

test('a slow application has 16 times what its requests usually take', () => {
  const live = waiting(4)
  live.room.usual.ms = 500
  const at = [10, 1_500, 3_000, 4_500, 6_000, 7_500, 8_010, 8_011].map((now) =>
    live.stall.isStalled(live, now),
  )
  assert.deepEqual(at.slice(-2), [false, true])
  assert.ok(!at.slice(0, -1).includes(true))
})

test('few requests say nothing, and those that turned out to be long do not count', () => {
  const few = waiting(3)
  assert.equal(few.stall.isStalled(few, 10), false)
  assert.equal(few.stall.isStalled(few, 1_500), false)
  const polls = waiting(20)
  const short = new HeldRequest()
  polls.room.begin(short, 5_000)
  polls.room.end(short, 5_001, true)
  assert.equal(polls.room.long, 20)
  assert.equal(polls.stall.isStalled(polls, 5_010), false)
  assert.equal(polls.stall.isStalled(polls, 6_500), false)
})

test('the time begins anew after a gap, in which this process may have been suspended', () => {
  const live = waiting(4)
  const at = [10, 500, 5_000, 6_000, 6_001].map((now) => live.stall.isStalled(live, now))
  assert.deepEqual(at, [false, false, false, false, true])
})
