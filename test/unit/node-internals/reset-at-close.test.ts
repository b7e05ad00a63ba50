import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeResetAtClose } from '../../../src/node-internals/reset-at-close.ts'

test('a connection is reset although Node.js does not know yet that it is established', async () => {
  assert.equal(await probeResetAtClose(), true)
})
