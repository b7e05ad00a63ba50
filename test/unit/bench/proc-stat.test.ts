import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStat } from '../../../bench/support/proc-stat.ts'

test('times, group and memory are found behind a name with blanks and parentheses', () => {
  const text =
    '4211 (a) b (c) S 1 4200 4200 0 -1 4194560 900 80 0 0 31 17 5 2 20 0 1 0 555 1000000 2048 1844'
  assert.deepEqual(parseStat(text), { group: 4200, ticks: 31 + 17 + 5 + 2, pages: 2048 })
})
