import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import {
  isResponseUnderWay,
  probeResponseUnderWay,
  sparing,
} from '../../../src/node-internals/response-under-way.ts'

test('a socket shows the response that is being sent on it', () => {
  assert.equal(probeResponseUnderWay(), true)
})

test('sockets that are spared look busy during the call only', () => {
  const socket = new Socket()
  sparing([socket], () => assert.equal(isResponseUnderWay(socket), true))
  assert.equal(isResponseUnderWay(socket), false)
})
