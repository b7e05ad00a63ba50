// Delayed bytes leave soon, once, and only if they have not been sent before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Corks } from '../../../src/net/corks.ts'

test('one timer sends all delayed bytes after two milliseconds', (t) => {
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

test('a connection that has sent its bytes is not called, and a later one has its own delay', (t) => {
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
