// Properties of the readings of a path: whatever the bytes, they are few, without dot segments in the first one, and
// the context that they agree on contains the path as every reading has it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { plainPath } from '../../src/wire/http/path.ts'
import { agreed, firstReading, pathReadings } from '../../src/wire/http/path-readings.ts'

const pieces = ['app', 'admin', '/', '/', '//', '.', '..', '%2e', '%2F', '%5c', ';', ';a=b', '%3b']
const path = fc
  .array(fc.constantFrom(...pieces, '%61pp', '%', '%zz', '\u00e4'), { maxLength: 24 })
  .map((parts) => `/${parts.join('')}`)
const anything = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => `/${text}`)
const runs = { numRuns: 2_000 }

const contexts = new Map(['/app', '/app/admin'].map((name) => [name, { name }]))
const find = (text: string): { name: string } | undefined => {
  for (let rest = text; rest !== ''; rest = rest.slice(0, rest.lastIndexOf('/'))) {
    const found = contexts.get(rest)
    if (found !== undefined) return found
  }
  return undefined
}

describe('readings of a path', () => {
  test('begin with one that has neither dot segments nor empty ones', () => {
    fc.assert(
      fc.property(fc.oneof(path, anything), (text) => {
        const first = firstReading(text)
        const readings = pathReadings(text)
        if (readings !== undefined) assert.equal(readings[0], first)
        assert.ok((readings?.length ?? 0) < 400)
        const segments = first.split('/').slice(1)
        assert.ok(!segments.includes('..') && !segments.includes('.'), first)
        assert.ok(!segments.slice(0, -1).includes(''), first)
      }),
      runs,
    )
  })

  test('agree with a path that is plain', () => {
    fc.assert(
      fc.property(path, (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const plain = plainPath(bytes, 0, bytes.length)
        if (plain === undefined) return
        assert.deepEqual(pathReadings(text), [Buffer.from(plain, 'latin1').toString('latin1')])
      }),
      runs,
    )
  })

  test('that agree on a context lie in it, or above it where something odd follows', () => {
    fc.assert(
      fc.property(path, (text) => {
        const readings = pathReadings(text)
        if (readings === undefined) return
        const chosen = agreed(readings, find)
        if (chosen === undefined || chosen === 'ambiguous') return
        for (const reading of readings) {
          const other = find(reading)
          if (other !== undefined) assert.equal(other, chosen)
        }
      }),
      runs,
    )
  })
})
