import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeUnreadInput } from '../../../src/node-internals/unread-input.ts'

test('bytes are seen before the reader of the socket is called for them', async () => {
  assert.equal(await probeUnreadInput(), true)
})
