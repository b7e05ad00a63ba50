import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isDisconnectOrder,
  probeClusterMessages,
} from '../../../src/node-internals/cluster-messages.ts'

test('worker.disconnect() of the primary is an event of process in the worker', async () => {
  assert.equal(await probeClusterMessages(), true)
})

test('other messages of the primary are not', () => {
  assert.equal(isDisconnectOrder('internalMessage', { cmd: 'NODE_CLUSTER', act: 'newconn' }), false)
  assert.equal(isDisconnectOrder('message', { cmd: 'NODE_CLUSTER', act: 'disconnect' }), false)
  assert.equal(isDisconnectOrder('internalMessage', undefined), false)
})
