// The group of a peer as it is written: places for datagrams, or servers of NATS.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsNats, readGroup, withoutLogin } from '../../../../src/peer/membership/group.ts'
import type { MembershipOptions } from '../../../../src/peer/options.ts'

function read(group: string | readonly string[], more: Partial<MembershipOptions> = {}) {
  const problems: string[] = []
  const found = readGroup({ group, address: 'http://10.0.0.1:80', ...more }, problems)
  return { ...found, problems: problems.join('; ') }
}

test('servers of NATS have the same group, and files to log in with', () => {
  const nats = { creds: '/etc/peer.creds', ca: 'ca.pem' }
  assert.deepEqual(read('nats://a:4222/shop, tls://[::1]:4223/shop/', { nats }), {
    places: [],
    nats: { servers: ['nats://a:4222', 'tls://[::1]:4223'], name: 'shop', ...nats },
    problems: '',
  })
  assert.deepEqual(read(['nats://u:p%2Fq@a/shop']).nats?.servers, ['nats://u:p%2Fq@a'])
})

test('what is wrong is told, without passwords', () => {
  const form = 'nats://server:4222/NAME or tls://server:4222/NAME'
  for (const [group, problem, more] of [
    ['nats://a:4222', `group "nats://a:4222": ${form}`],
    ['nats://u:secret@a:4222', `group "nats://a:4222": ${form}`],
    ['nats://a:4222/shop.cart', `group "nats://a:4222/shop.cart": ${form}`],
    ['nats://a:4222/shop?x', `group "nats://a:4222/shop?x": ${form}`],
    ['nats://a:99999/shop', `group "nats://a:99999/shop": ${form}`],
    ['nats://a/shop,10.0.0.1:4445', `group "10.0.0.1:4445": ${form}`],
    ['nats://a/x,nats://b/y', 'group: one name for all servers of NATS, not x and y'],
    ['nats://a/x', 'ttl: not with a group over NATS', { ttl: 2 }],
    ['nats://a/x', 'port: not with a group over NATS', { port: 4445 }],
    ['239.255.77.1', 'nats: needs group nats://server:4222/NAME', { nats: {} }],
    [
      'http://a/x',
      'group "http://a/x": host:port, IPv6 addresses in brackets, or nats://server:4222/NAME',
    ],
  ] as const)
    assert.equal(read(group, more).problems, problem)
})

test('the package is needed for NATS alone', () => {
  assert.equal(needsNats({ group: '239.255.77.1:4445' }), false)
  assert.equal(needsNats({ group: 'nats.internal:4445' }), false)
  assert.equal(needsNats({ group: [' tls://a/shop'] }), true)
  assert.equal(withoutLogin('nats://u:p@a:1/x'), 'nats://a:1/x')
})
