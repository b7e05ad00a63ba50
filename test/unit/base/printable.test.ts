// Text from elsewhere in a terminal.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableJson } from '../../../src/base/printable.ts'

test('characters that a terminal acts upon or hides are written as numbers', () => {
  for (const code of [
    0, 7, 0x0a, 0x1b, 0x7f, 0x80, 0x9b, 0x9d, 0xad, 0x200b, 0x200f, 0x2028, 0x202e, 0x2066, 0xfeff,
    0xd800, 0xe0041,
  ])
    assert.equal(printable(`a${String.fromCodePoint(code)}b`), `a\\u{${code.toString(16)}}b`)
})

test('all other text stays as it is', () => {
  const text = 'node-1 /shöp, 東京 🚀 \\u{9b} <b>'
  assert.equal(printable(text), text)
})

test('JSON with such characters is the same value without them', () => {
  const value = { name: 'a\u{9b}b\u{202e}c\u{e0041}d', text: 'shöp, 東京 🚀' }
  const json = printableJson(JSON.stringify(value))
  assert.deepEqual(JSON.parse(json), value)
  assert.doesNotMatch(json, /[\u{80}-\u{9f}\u{202e}\u{e0041}]/u)
  assert.match(json, /東京 🚀/)
})
