import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventText } from '../../../../src/cli/remote/events.ts'

const at = new Date(2026, 10, 30, 14, 5, 9)
const event = { id: 7, at: at.toISOString(), level: 'info' as const }

test('an event is a line of words: the node, what happened, and who did it', () => {
  const told = { route: 'a', contexts: ['/', '/shop'], by: 'operator', from: '10.0.0.7' }
  assert.equal(
    eventText({ ...event, message: 'context disabled', detail: told }, at.getTime()),
    '14:05:09 info  a  context disabled / and /shop  by an operator, from 10.0.0.7',
  )
})

test('an action has its number, for topspin undo, and the name of who did it', () => {
  const detail = {
    id: 3,
    action: 'drain',
    node: 'a',
    reason: 'kernel',
    role: 'operator',
    name: 'alice',
    from: '10.0.0.7',
    nodes: [{ route: 'a', before: {}, after: {} }],
  }
  assert.equal(
    eventText({ ...event, message: 'operator action', detail }, at.getTime()),
    '14:05:09 info  operator: drain node a: kernel  by alice, from 10.0.0.7  action 3',
  )
})

test('an event of another day has its date', () => {
  const detail = { route: 'a\u009b31m' }
  assert.equal(
    eventText({ ...event, message: 'node left', detail }, at.getTime() + 86_400_000),
    '2026-11-30 14:05:09 info  a\\u{9b}31m  node left',
  )
})
