// When requests may go to a node, and in which order they have their turns.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admissionLimits } from '../../../../src/base/limits.ts'
import { Admission, type LoopTimes, type Waiter } from '../../../../src/forward/shared/admission.ts'
import { Ticker } from '../../../../src/net/ticker.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { until } from '../../../support/until.ts'

const { unansweredMax } = admissionLimits

function admissionOf(connectionsMax = 10_000) {
  const clock = new ManualClock()
  const faults: unknown[] = []
  const fault = (error: unknown) => faults.push(error)
  const ticker = new Ticker(clock, fault)
  const loop = { idle: 0, active: 0 }
  const loopTimes = (): LoopTimes => {
    loop.active += 5
    return { ...loop }
  }
  const admission = new Admission({ connectionsMax, ticker, loopTimes, fault })
  const tick = (ms: number): void => {
    clock.advance(ms)
    ticker.tick()
  }
  return { admission, faults, loop, tick }
}

/** A client with so many requests that wait. */
function clientOf(admission: Admission, name: string, count: number, order: string[]): Waiter {
  let left = count
  return {
    proceed: () => {
      admission.begin()
      order.push(name)
      return --left > 0
    },
    refuseLate: () => {},
  }
}

test('requests beyond the connections to nodes wait until one has left', async () => {
  const { admission } = admissionOf(2)
  const order: string[] = []
  admission.begin()
  admission.begin()
  assert.equal(admission.isOpen, false)
  admission.wait(clientOf(admission, 'a', 1, order))
  admission.answered()
  await new Promise(setImmediate)
  assert.deepEqual(order, [], 'an answer that is still on its way keeps its connection')
  admission.end(true)
  await until('the next request has begun', () => order.length === 1)
  admission.end(false)
  assert.equal(admission.isOpen, true)
})

test('answers on their way do not count against the bound on unanswered requests', () => {
  const { admission } = admissionOf()
  for (let i = 0; i < unansweredMax; i++) admission.begin()
  assert.equal(admission.isOpen, false)
  for (let i = 0; i < unansweredMax; i++) admission.answered()
  for (let i = 1; i < unansweredMax; i++) admission.begin()
  assert.equal(admission.isOpen, true)
})

test('uploads count against it when their bodies are complete, and against the connections at once', () => {
  const { admission } = admissionOf(2 * unansweredMax)
  for (let i = 0; i < unansweredMax + 1; i++) admission.begin(true)
  assert.equal(admission.isOpen, true)
  for (let i = 0; i < unansweredMax; i++) admission.uploaded()
  assert.equal(admission.isOpen, false)
  admission.answered()
  assert.equal(admission.isOpen, true)
  for (let i = 1; i < unansweredMax; i++) admission.begin(true)
  assert.equal(admission.isOpen, false)
})

test('clients have their turns one after the other, however many requests one of them has', async () => {
  const { admission } = admissionOf(1)
  const order: string[] = []
  admission.begin()
  admission.wait(clientOf(admission, 'a', 3, order))
  admission.wait(clientOf(admission, 'b', 1, order))
  for (let count = 1; count <= 4; count++) {
    admission.end(false)
    await until(`request ${count} has begun`, () => order.length === count)
  }
  assert.deepEqual(order, ['a', 'b', 'a', 'a'])
})

test('all for whom there is room begin in one turn of the event loop, the clients in turn', async () => {
  const { admission } = admissionOf(4)
  const order: string[] = []
  for (let i = 0; i < 4; i++) admission.begin()
  admission.wait(clientOf(admission, 'a', 3, order))
  admission.wait(clientOf(admission, 'b', 9, order))
  for (let i = 0; i < 4; i++) admission.end(false)
  await new Promise(setImmediate)
  assert.deepEqual(order, ['a', 'b', 'a', 'b'])
})

test('a request that waits again at once does not keep the event loop from other work', async () => {
  const { admission } = admissionOf(2)
  let turns = 0
  const again: Waiter = {
    proceed: () => {
      turns++
      return true
    },
    refuseLate: () => {},
  }
  admission.begin()
  admission.begin()
  admission.wait(again)
  admission.end(false)
  await new Promise(setImmediate)
  assert.equal(turns, 1)
  await until('it has another turn', () => turns > 1)
  admission.leave(again)
})

test('a newcomer does not overtake those that wait', () => {
  const { admission } = admissionOf(1)
  admission.begin()
  admission.wait(clientOf(admission, 'a', 1, []))
  admission.end(false)
  assert.equal(admission.isOpen, false)
})

test('while the event loop is idle, slow nodes do not make requests wait', async () => {
  const { admission, loop, tick } = admissionOf()
  const order: string[] = []
  for (let i = 0; i < unansweredMax; i++) admission.begin()
  admission.wait(clientOf(admission, 'a', unansweredMax, order))
  loop.idle += 5
  await until('all have begun', () => order.length === unansweredMax)
  for (let i = 0; i < 2 * unansweredMax; i++) admission.end(false)
  tick(100)
  for (let i = 0; i < unansweredMax; i++) admission.begin()
  assert.equal(admission.isOpen, false, 'the bound is as before')
})

test('while the event loop is busy, requests wait for answers', async () => {
  const { admission } = admissionOf()
  const order: string[] = []
  for (let i = 0; i < unansweredMax; i++) admission.begin()
  admission.wait(clientOf(admission, 'a', 2, order))
  await new Promise((resolve) => setTimeout(resolve, 4 * admissionLimits.checkMs))
  assert.deepEqual(order, [])
  admission.answered()
  await until('one has begun', () => order.length > 0)
  assert.deepEqual(order, ['a'])
})

test('those that wait are asked at every tick whether their time is over', () => {
  const { admission, tick } = admissionOf(1)
  admission.begin()
  const times: number[] = []
  const queued: Waiter = {
    proceed: () => false,
    refuseLate: (now) => {
      times.push(now)
      if (now >= 200) admission.leave(queued)
    },
  }
  admission.wait(queued)
  for (let i = 0; i < 4; i++) tick(100)
  assert.deepEqual(times, [100, 200])
})

test('a client that throws does not keep the others waiting', async () => {
  const { admission, faults } = admissionOf(1)
  const order: string[] = []
  admission.begin()
  admission.wait({
    proceed: () => {
      throw new Error('a bug')
    },
    refuseLate: () => {},
  })
  admission.wait(clientOf(admission, 'b', 1, order))
  admission.end(false)
  await until('the other one has begun', () => order.length === 1)
  assert.equal(faults.length, 1)
})
