import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  firstLinkState,
  type LinkEvent,
  type LinkState,
  nextLinkState,
  retryDelayMs,
} from '../../../src/agent/link-state.ts'

function after(...events: LinkEvent[]): LinkState {
  return events.reduce(nextLinkState, firstLinkState)
}

const informed: LinkEvent = { kind: 'informed' }
const failed: LinkEvent = { kind: 'failed', reason: 'why' }
const reported: LinkEvent = { kind: 'reported', reachable: true, id: '7' }

test('a link passes from discover through register to report', () => {
  assert.deepEqual(after(informed), { kind: 'register', failures: 0 })
  assert.deepEqual(after(informed, reported), { kind: 'report', reachable: true, id: '7' })
})

test('only an accepted report resets the count of failures', () => {
  assert.deepEqual(after(failed, informed, failed), {
    kind: 'discover',
    failures: 2,
    reason: 'why',
  })
  assert.deepEqual(after(failed, informed, reported, failed), {
    kind: 'discover',
    failures: 0,
    reason: 'why',
  })
})

test('another id means that the proxy has restarted', () => {
  const state = after(informed, reported, { kind: 'reported', reachable: true, id: '8' })
  assert.equal(state.kind, 'discover')
})

test('a report that shows nothing new is no change', () => {
  const state = after(informed, reported)
  assert.equal(nextLinkState(state, { ...reported }), state)
  assert.notEqual(nextLinkState(state, { ...reported, reachable: false } as LinkEvent), state)
})

test('leaving is final', () => {
  const leaving = after(informed, reported, { kind: 'leave' })
  for (const event of [informed, failed, reported]) {
    assert.deepEqual(nextLinkState(leaving, event), leaving)
  }
  const gone = nextLinkState(leaving, { kind: 'left' })
  assert.deepEqual(gone, { kind: 'gone' })
  for (const event of [informed, failed, reported, { kind: 'leave' } as const]) {
    assert.equal(nextLinkState(gone, event), gone)
  }
})

test('the first retry is immediate, the others wait twice as long each time, up to the interval', () => {
  const least = [0, 1, 2, 3, 20].map((failures) => retryDelayMs(failures, 10_000, () => 0))
  const most = [0, 1, 2, 3, 2000].map((failures) => retryDelayMs(failures, 10_000, () => 1))
  assert.deepEqual(least, [0, 50, 100, 200, 5_000])
  assert.deepEqual(most, [0, 100, 200, 400, 10_000])
})
