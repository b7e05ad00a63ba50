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
    [[{ b: ['c', 'd'], e: { f: 1 } }], 'b: [c, d], e: {f: 1}'],
    [
      [
        { contexts: ['/'], weight: 1, address: { host: 'a', port: 80 } },
        { contexts: ['/', '/shop'], weight: 2, address: { host: 'b', port: 80 } },
      ],
      '{contexts: [/], weight: 1, address: a:80}, {contexts: [/, /shop], weight: 2, address: b:80}',
    ],
  ] as const)
    assert.equal(valueText(value), text)
})
