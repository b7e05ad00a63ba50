import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../../src/base/clock.ts'
import { heldLimits } from '../../../../src/base/limits.ts'
import { HeldBodies, type HeldBody } from '../../../../src/forward/shared/held-bodies.ts'
import { until } from '../../../support/until.ts'

const fail = (error: unknown): never => {
  throw error
}

test('bodies begin in their order, few in one turn of the event loop', async () => {
  const bodies = new HeldBodies(systemClock, fail)
  const count = heldLimits.begunMax * 2 + 1
  const begun: number[] = []
  const inTurns: number[] = []
  let isOver = false
  const turn = (): void => {
    inTurns.push(begun.length)
    if (!isOver) setImmediate(turn)
  }
  turn()
  for (let i = 0; i < count; i++) bodies.hold({ beginHeld: () => begun.push(i) })
  await until('all have begun', () => begun.length === count)
  isOver = true
  assert.deepEqual(begun, [...Array(count).keys()])
  assert.equal(bodies.size, 0)
  const most = Math.max(...inTurns.map((total, at) => total - (inTurns[at - 1] ?? 0)))
  assert.equal(most, heldLimits.begunMax)
})

test('a body that is released does not begin, and one that is held again keeps its time', async () => {
  const bodies = new HeldBodies(systemClock, fail)
  const begun: string[] = []
  const make = (name: string): HeldBody => ({ beginHeld: () => begun.push(name) })
  const [first, second, third] = [make('first'), make('second'), make('third')]
  for (const body of [first, second, third, first]) bodies.hold(body)
  bodies.release(second)
  await until('the others have begun', () => begun.length === 2)
  assert.deepEqual(begun, ['first', 'third'])
})

test('an exception of one is reported, and the others begin', async () => {
  const faults: unknown[] = []
  const bodies = new HeldBodies(systemClock, (error) => faults.push(error))
  let begun = 0
  bodies.hold({
    beginHeld: () => {
      throw new Error('fault')
    },
  })
  bodies.hold({ beginHeld: () => begun++ })
  await until('the second has begun', () => begun === 1)
  assert.equal(faults.length, 1)
})
