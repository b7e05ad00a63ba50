// What connections to nodes are dialled with, as far as it needs no network.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tlsLimits } from '../../../src/base/limits.ts'
import { NodeTls } from '../../../src/net/node-tls.ts'

test('the server name is the host unless it is an address, or the configured name', () => {
  const usual = new NodeTls()
  assert.equal(usual.dialOptions('node.test', 443).servername, 'node.test')
  assert.equal(usual.dialOptions('10.0.0.1', 443).servername, undefined)
  assert.equal(usual.dialOptions('::1', 443).servername, undefined)
  const named = new NodeTls({ servername: 'inner.test' })
  assert.equal(named.dialOptions('10.0.0.1', 443).servername, 'inner.test')
})

test('OpenSSL verifies certificates unless verification is off or only a pin is given', () => {
  const pins = ['ab'.repeat(32)]
  const rejects = (nodeTls: NodeTls): unknown => nodeTls.dialOptions('a', 1).rejectUnauthorized
  assert.equal(rejects(new NodeTls()), true)
  assert.equal(rejects(new NodeTls({ verify: false })), false)
  assert.equal(rejects(new NodeTls({ pins })), false)
  assert.throws(() => new NodeTls({ pins: ['ab'] }), /not a fingerprint: ab/)
})

test('sessions are kept by address, in a limited number', () => {
  const nodeTls = new NodeTls()
  const session = (n: number): Buffer => Buffer.from(String(n))
  nodeTls.remember('a', 1, session(1))
  nodeTls.remember('a', 2, session(2))
  assert.equal(String(nodeTls.dialOptions('a', 1).session), '1')
  for (let i = 0; i < tlsLimits.sessionsMax; i++) nodeTls.remember('b', i, session(i))
  assert.equal(nodeTls.dialOptions('a', 1).session, undefined)
  assert.equal(String(nodeTls.dialOptions('b', 7).session), '7')
})
