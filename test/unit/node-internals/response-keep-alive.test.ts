import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import {
  isLastResponse,
  makeLastResponse,
  probeResponseKeepAlive,
} from '../../../src/node-internals/response-keep-alive.ts'

test('a response shows whether the client or the request limit ends the connection', () => {
  assert.equal(probeResponseKeepAlive(), true)
})

test('a response can be made the last one of its connection', () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  makeLastResponse(response)
  assert.equal(isLastResponse(response), true)
})
