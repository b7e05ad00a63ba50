import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import {
  markHeadSent,
  markSent,
  probeBypassedResponse,
} from '../../../src/node-internals/bypassed-response.ts'

test('a response can be ended although its answer was written past it', () => {
  assert.equal(probeBypassedResponse(), true)
})

test('its status and its sent head show, as after writeHead', () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  markHeadSent(response, 404)
  assert.equal(response.statusCode, 404)
  assert.equal(response.headersSent, true)
  assert.throws(() => response.setHeader('A', 'b'), { code: 'ERR_HTTP_HEADERS_SENT' })
  markSent(response, false)
  assert.equal(response.writableEnded, true)
})
