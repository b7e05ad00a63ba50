// Which coding is preferred, by RFC 9110 12.5.3.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Coding, preferredCoding } from '../../../../src/wire/http/accept-encoding.ts'

const both: readonly Coding[] = ['br', 'gzip']

test('the greatest weight counts, and among equals the order of the rule', () => {
  const cases: readonly (readonly [string, Coding | undefined])[] = [
    ['', undefined],
    ['gzip', 'gzip'],
    ['br, gzip', 'br'],
    ['GZIP , X', 'gzip'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['*;q=0.1, br;q=0', 'gzip'],
    ['br;q=0.2, gzip;q=0.3', 'gzip'],
    ['gzip;q=0.3, identity;q=0.4', undefined],
    ['gzip;q=0.3, identity;q=0.3', 'gzip'],
    ['gzip ; q = 1.000', 'gzip'],
    ['gzip;q=1.0001', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=', undefined],
    ['gzip;level=9', undefined],
    ['gzip;q=1;x=y', undefined],
    ['gzip;q=0, gzip', undefined],
    ['gzip, gzip;q=0', undefined],
    [',,gzip,,', 'gzip'],
    ['gzip\u0000', undefined],
    ['gzipbr', undefined],
  ]
  for (const [value, coding] of cases) assert.equal(preferredCoding(value, both), coding, value)
  assert.equal(preferredCoding('br, gzip', ['gzip', 'br']), 'gzip')
  assert.equal(preferredCoding('br', ['gzip']), undefined)
})
