import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkStep } from '../../../../src/forward/client/client-states.ts'

test('a request is read, answered and followed by the next one', () => {
  for (const [from, to] of [
    ['idle', 'head'],
    ['head', 'busy'],
    ['busy', 'idle'],
    ['idle', 'busy'],
    ['busy', 'lingering'],
    ['lingering', 'closed'],
  ] as const) {
    assert.doesNotThrow(() => checkStep(from, to), `${from} to ${to}`)
  }
})

test('a step that the table does not have throws, with both states named', () => {
  for (const [from, to] of [
    ['closed', 'idle'],
    ['finishing', 'idle'],
    ['lingering', 'busy'],
    ['tunnel', 'idle'],
    ['barred', 'busy'],
    ['away', 'busy'],
    ['idle', 'tunnel'],
    ['busy', 'busy'],
  ] as const) {
    assert.throws(() => checkStep(from, to), new RegExp(`from ${from} to ${to}$`))
  }
})
