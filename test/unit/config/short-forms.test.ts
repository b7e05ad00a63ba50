// Sections that may be written as the value of one of their keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'

function trustOf(text: string | undefined, environment: Record<string, string> = {}) {
  const file = text === undefined ? undefined : { name: 'x.yaml', text }
  const result = readConfig({ file, environment, flags: [] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config.trust
}

test('trust is a list, or a map that also names the field', () => {
  const usual = { from: ['10.0.0.0/8'], header: 'x-forwarded-for' }
  assert.deepEqual(trustOf('trust: 10.0.0.0/8'), usual)
  assert.deepEqual(trustOf('trust: [10.0.0.0/8]'), usual)
  assert.deepEqual(trustOf('trust: { from: 10.0.0.0/8, header: forwarded }'), {
    ...usual,
    header: 'forwarded',
  })
  assert.deepEqual(trustOf(undefined), { from: [], header: 'x-forwarded-for' })
})

test('the environment may set one form, and a file the other', () => {
  const both = { from: ['10.0.0.0/8'], header: 'forwarded' }
  assert.deepEqual(trustOf('trust: 10.0.0.0/8', { TOPSPIN_TRUST_HEADER: 'forwarded' }), both)
  assert.deepEqual(
    trustOf(undefined, { TOPSPIN_TRUST: '10.0.0.0/8', TOPSPIN_TRUST_HEADER: 'forwarded' }),
    both,
  )
  assert.deepEqual(trustOf('trust: { header: forwarded }', { TOPSPIN_TRUST: '10.0.0.0/8' }), both)
})

test('a field that is none of the two is refused with both named', () => {
  const result = readConfig({
    file: { name: 'x.yaml', text: 'trust:\n  header: x-real-ip\n' },
    environment: {},
    flags: [],
  })
  assert.equal(result.ok, false)
  assert.match(JSON.stringify(result), /x\.yaml:2:11.*x-forwarded-for, forwarded/)
})
