// What is held back leaves soon, once, and only if nobody has sent it before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Corks } from '../../../src/net/corks.ts'

test('all that is held leaves after two milliseconds, by one timer', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const corks = new Corks()
  const sent: string[] = []
  for (const name of ['a', 'b']) corks.add({ uncork: () => sent.push(name) })
  t.mock.timers.tick(1)
  assert.deepEqual(sent, [])
  t.mock.timers.tick(1)
  assert.deepEqual(sent, ['a', 'b'])
  t.mock.timers.tick(10)
  assert.equal(sent.length, 2)
})

test('what has left already is not asked again, and what comes later gets its own time', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const corks = new Corks()
  const sent: string[] = []
  const first = { uncork: () => sent.push('first') }
  corks.add(first)
  corks.delete(first)
  t.mock.timers.tick(2)
  corks.add({ uncork: () => sent.push('second') })
  t.mock.timers.tick(1)
  assert.deepEqual(sent, [])
  t.mock.timers.tick(1)
  assert.deepEqual(sent, ['second'])
})
