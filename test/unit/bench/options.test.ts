import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from '../../../bench/support/options.ts'

const known = { cases: ['get', 'post'], sides: ['topspin', 'nginx', 'haproxy'] }
const read = (...args: string[]): ReturnType<typeof readOptions> => readOptions(args, known)

test('without options all cases and proxies are measured, five rounds of each', () => {
  const { only, sides, rounds } = read()
  assert.deepEqual([only, sides, rounds], [known.cases, known.sides, 5])
})

test('Topspin runs beside any choice of other proxies', () => {
  assert.deepEqual(read('--with', 'haproxy').sides, ['topspin', 'haproxy'])
})

test('a number given outranks --quick', () => {
  const { rounds, seconds } = read('--quick', '--rounds=3')
  assert.deepEqual([rounds, seconds], [3, 1])
})

test('the message about a wrong name or number lists valid ones', () => {
  assert.throws(() => read('--only', 'gte'), /--only gte: known are get, post/)
  assert.throws(() => read('--rounds', '0'), /--rounds 0: write a number from 1 to 9999/)
  assert.throws(() => read('--slow'), /--slow/)
})
