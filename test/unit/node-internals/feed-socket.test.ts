import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeFeedSocket } from '../../../src/node-internals/feed-socket.ts'

test('listeners of a socket get bytes that are fed to it, in order and after a pause too', async () => {
  assert.equal(await probeFeedSocket(), true)
})
