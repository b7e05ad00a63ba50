import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rounds } from '../../../src/control/rounds.ts'

test('every round looks at each once, in parts, and a new round sees what has changed', () => {
  const rounds = new Rounds()
  let all = [1, 2, 3, 4, 5]
  const part = () => rounds.part(() => all, 2)
  assert.deepEqual(
    [part(), part()],
    [
      [1, 2],
      [3, 4],
    ],
  )
  all = [7]
  assert.deepEqual([part(), part(), part()], [[5], [7], [7]])
  all = []
  assert.deepEqual([part(), part()], [[], []])
})
