import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingsText } from '../../../../src/cli/doctor/doctor.ts'
import { ok, warn } from '../../../../src/cli/doctor/finding.ts'

const findings = [
  ok('control listener', '127.0.0.1:6666 answers'),
  warn('node a', `down: ${'connection refused '.repeat(8)}`, 'start it, or remove it here'),
]

test('findings fit the terminal, with the text below a name that leaves no room beside it', () => {
  const long = [...findings, ok(`node ${'x'.repeat(60)}`, 'up')]
  for (const [given, columns] of [
    [findings, 80],
    [findings, 200],
    [long, 80],
  ] as const) {
    const lines = findingsText(given, columns).trimEnd().split('\n')
    for (const line of lines) assert.ok(line.length <= columns, line)
    assert.match(lines[0] ?? '', /^ok {4}control listener/)
    assert.match(lines.join(' ').replace(/ +/g, ' '), /refused start it, or remove it here/)
  }
})

test('a name from elsewhere writes no control characters', () => {
  assert.doesNotMatch(findingsText([ok('node \u009b31m\u202e', 'up')], 80), /[\u009b\u202e]/)
})
