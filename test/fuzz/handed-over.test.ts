// The mark of a handed-over request: any value of the field is accepted or refused.

import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHandedOver, writeHandedOver } from '../../src/wire/handed-over.ts'

const key = createSecretKey('the key of all peers', 'utf8')
const request = fc.record({ method: fc.constantFrom('GET', 'POST'), target: fc.webPath() })
const mark = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 0, max: 65_535 }),
  scheme: fc.constantFrom('http' as const, 'https' as const),
  time: fc.integer({ min: 0, max: 2e12 }),
})

test('a written mark is read back, in lower case', () => {
  fc.assert(
    fc.property(mark, request, fc.boolean(), (given, asked, hasKey) => {
      const keys = hasKey ? [key] : []
      const reading = readHandedOver(
        writeHandedOver(given, asked, keys[0]),
        asked,
        keys,
        given.time,
        0,
      )
      const expected = { ...given, address: given.address.toLowerCase() }
      assert.deepEqual(reading, { kind: 'valid', mark: expected, signed: hasKey })
    }),
  )
})

test('any other text is refused and does not throw', () => {
  const parts = fc.constantFrom(
    'for="',
    '192.0.2.1',
    '[::1]',
    ':80',
    '"',
    ';proto=http',
    ';at=1',
    ';sig=',
    'A'.repeat(22),
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(parts).map((some) => some.join('')),
  )
  fc.assert(
    fc.property(text, request, (value, asked) => {
      assert.equal(readHandedOver(value, asked, [key], 1, 30_000).kind, 'refused')
      readHandedOver(value, asked, [], 1, 30_000)
    }),
  )
})

test('with a key one changed character is enough to be refused', () => {
  fc.assert(
    fc.property(
      mark,
      request,
      fc.nat(),
      fc.integer({ min: 33, max: 126 }),
      (given, asked, at, code) => {
        const value = writeHandedOver(given, asked, key)
        const place = at % value.length
        const other = value.slice(0, place) + String.fromCharCode(code) + value.slice(place + 1)
        fc.pre(other !== value)
        assert.equal(readHandedOver(other, asked, [key], given.time, 30_000).kind, 'refused')
      },
    ),
  )
})
