import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationOf, wholeExplanation } from '../../../src/control/explanation.ts'
import type { RequestExplanation } from '../../../src/forward/index.ts'

const answer = (pid: number, node: string | null, refusal: string | null = null) => ({
  pid,
  explanation: { node, refusal, why: `of ${pid}` } as RequestExplanation,
})

test('one process needs no agreement, and none is no answer', () => {
  assert.equal(explanationOf([]), undefined)
  assert.equal(explanationOf([answer(1, 'a')])?.agreement, '')
})

test('processes agree, or each is told', () => {
  const same = explanationOf([answer(1, 'a'), answer(2, 'a')])
  assert.equal(same?.agreement, 'both traffic processes would do the same')
  const other = explanationOf([
    answer(1, 'a'),
    answer(2, 'b'),
    answer(3, 'a'),
    answer(4, null, '503 X'),
  ])
  assert.match(other?.agreement ?? '', /differ.* \(2 of 4: a, 1 of 4: b, 1 of 4: 503 X\)/)
  assert.equal(other?.why, 'of 1')
  assert.deepEqual(other?.processes[1], { pid: 2, node: 'b', refusal: null })
})

test('the answer of one embedded proxy is that of its process', () => {
  const { explanation } = answer(1, 'a')
  const whole = wholeExplanation(explanation)
  assert.deepEqual(whole.processes, [{ pid: process.pid, node: 'a', refusal: null }])
  assert.equal(wholeExplanation(whole), whole)
})
