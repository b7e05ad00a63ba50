import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrapped } from '../../../src/cli/wrapped.ts'

test('text is broken at blanks, and later lines are indented', () => {
  const text = 'one two three four five six seven eight nine ten'
  assert.equal(wrapped(text, 30, 4), 'one two three four five six\n    seven eight nine ten')
  assert.equal(wrapped('one two', 30), 'one two')
})

test('a line that is just as wide as the terminal stays whole', () => {
  assert.equal(wrapped('a'.repeat(40), 40), 'a'.repeat(40))
  assert.equal(wrapped(`${'a'.repeat(40)} b`, 40), `${'a'.repeat(40)}\nb`)
})

test('a word that is longer than the line is broken where the line ends', () => {
  const lines = wrapped(`reason=${'x'.repeat(100)} end`, 40, 6).split('\n')
  assert.ok(lines.every((line) => line.length <= 40))
  assert.equal(lines.map((line) => line.trimStart()).join(''), `reason=${'x'.repeat(100)}end`)
})

test('without a terminal nothing is broken, and a tiny one does not break each word', () => {
  const text = 'word '.repeat(50).trimEnd()
  assert.equal(wrapped(text, undefined), text)
  assert.ok(wrapped(text, 3).split('\n').length < 10)
})
