import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeWasReset } from '../../../src/node-internals/reset-behind-bytes.ts'

test('a connection that was reset differs from one that the remote side has ended', async () => {
  assert.equal(await probeWasReset(), true)
})
