import assert from 'node:assert/strict'
import { test } from 'node:test'
import { valueText } from '../../../../src/console/model/value-text.ts'

test('a value of the configuration reads as people write it', () => {
  for (const [value, text] of [
    [null, 'not set'],
    [2, '2'],
    [false, 'false'],
    [[], 'none'],
    [{}, 'none'],
    [{ host: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ host: '::1', port: 80, tls: true }, '[::1]:80 (tls: true)'],
    [['a', { b: ['c', 'd'], e: { f: 1 } }], 'a, b: [c, d], e: {f: 1}'],
  ] as const)
    assert.equal(valueText(value), text)
})
