import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { allowsHalfOpen, probeHalfOpen } from '../../../src/node-internals/half-open.ts'

test('an HTTP server has the setting, off by default', () => {
  assert.equal(probeHalfOpen(), true)
  assert.equal(allowsHalfOpen(createServer()), false)
})
