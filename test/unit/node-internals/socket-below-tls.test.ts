import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeSocketBelow } from '../../../src/node-internals/socket-below-tls.ts'

test('a TLS socket leads to the TCP socket below it', () => {
  assert.equal(probeSocketBelow(), true)
})
