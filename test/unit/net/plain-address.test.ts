import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainAddress } from '../../../src/net/plain-address.ts'

test('an address loses what only this machine understands', () => {
  assert.equal(plainAddress('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  for (const same of ['10.0.0.7', '::1', '::ffff:1']) assert.equal(plainAddress(same), same)
})
