import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerFlags } from '../../../../src/server/workers/worker-flags.ts'

test('a worker gets the flags of its primary and a small semi-space', () => {
  assert.deepEqual(workerFlags([], undefined), ['--max-semi-space-size=4'])
  assert.deepEqual(workerFlags(['--cpu-prof'], '--trace-warnings'), [
    '--cpu-prof',
    '--max-semi-space-size=4',
  ])
})

test('a worker does not open the debugger of its primary', () => {
  assert.deepEqual(workerFlags(['--inspect-brk=0', '--cpu-prof', '--max-semi-space-size=8'], ''), [
    '--cpu-prof',
    '--max-semi-space-size=8',
  ])
})

test('a semi-space size of the user is kept', () => {
  assert.deepEqual(workerFlags(['--max_semi_space_size=32'], undefined), [
    '--max_semi_space_size=32',
  ])
  assert.deepEqual(workerFlags([], '--min-semi-space-size=16'), [])
})
