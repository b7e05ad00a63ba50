// Which keys a reload finds changed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedKeys } from '../../../src/config/changed-keys.ts'

const before = { listen: [{ host: 'a', port: 1 }], pool: { idle: 5, idleMax: 6 }, via: undefined }

test('equal configurations have no changed key', () => {
  assert.deepEqual(changedKeys(before, structuredClone(before)), [])
  assert.deepEqual(changedKeys(before, { listen: before.listen, pool: before.pool }), [])
})

test('changed, new and missing leaves are named by their path', () => {
  const after = { listen: [{ host: 'a', port: 2 }], pool: { idle: 5, idleMax: 7 }, via: 'x' }
  assert.deepEqual(changedKeys(before, after), ['listen', 'pool.idleMax', 'via'])
  assert.deepEqual(changedKeys(after, before), ['listen', 'pool.idleMax', 'via'])
})
