import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopspinError } from '../../../../src/base/errors.ts'
import { membershipSettings } from '../../../../src/peer/membership/settings.ts'
import type { MembershipOptions } from '../../../../src/peer/options.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const given: MembershipOptions = {
  group: '239.255.77.1',
  address: 'http://10.0.0.1:8080',
  insecure: true,
}

function problemsOf(changes: Partial<MembershipOptions>): string {
  try {
    membershipSettings({ ...given, ...changes })
    return ''
  } catch (error) {
    assert.ok(error instanceof TopspinError && error.code === 'BAD_OPTION', String(error))
    return error.message
  }
}

test('the defaults are the customary port, the own address as name, and a second', () => {
  const settings = membershipSettings(given)
  assert.deepEqual(settings.group, {
    places: [{ host: '239.255.77.1', port: 4445 }],
    nats: undefined,
  })
  assert.deepEqual(settings.identity, {
    name: '10.0.0.1:8080',
    scheme: 'http',
    host: '10.0.0.1',
    port: 8080,
    contexts: [],
  })
  assert.equal(settings.periodMs, 1_000)
  assert.equal(settings.keys.isEmpty, true)
})

test('a group is one place or many, in a list or with commas between', () => {
  const group = '10.0.0.1:1, [::1]:2,_peers._udp.example'
  assert.deepEqual(membershipSettings({ ...given, group }).group.places, [
    { host: '10.0.0.1', port: 1 },
    { host: '::1', port: 2 },
    { host: '_peers._udp.example', port: 4445 },
  ])
})

test('an address without a host is one of this machine, and IPv6 has brackets', () => {
  const own = membershipSettings({ ...given, address: 'https://:8443', interface: '127.0.0.1' })
  assert.deepEqual([own.identity.host, own.identity.scheme], ['127.0.0.1', 'https'])
  const v6 = membershipSettings({ ...given, address: 'http://[2001:db8::1]:80' })
  assert.deepEqual([v6.identity.host, v6.identity.name], ['2001:db8::1', '[2001:db8::1]:80'])
})

test('all problems are reported at once', () => {
  const text = problemsOf({ group: 'a b', address: 'ftp://x', periodMs: 5, ttl: 256, key: [''] })
  for (const part of [
    'group "a b"',
    'address "ftp://x"',
    'periodMs 5',
    'ttl 256',
    'key: an empty key',
  ]) {
    assert.ok(text.includes(part), `${part} in ${text}`)
  }
  const former: object = { advertise: 'http://10.0.0.1:80' }
  assert.match(problemsOf(former), /advertise is now called address/)
  assert.match(problemsOf({ group: [] }), /at least one/)
  assert.match(problemsOf({ acceptFrom: ['10.0.0.0/40'] }), /acceptFrom/)
  assert.match(problemsOf({ name: 'with space' }), /not a valid announcement/)
  const contexts = Array.from({ length: 20 }, (_, i) => `/${'c'.repeat(60)}${i}`)
  assert.match(problemsOf({ contexts }), /bytes long/)
})

test('a key that can be guessed is logged', () => {
  const log = memoryLog()
  membershipSettings({ ...given, key: 'short', log })
  assert.match(log.messages[0] ?? '', /can be guessed/)
})

test('a group without a key has to be asked for', () => {
  for (const key of [undefined, '', []])
    assert.match(problemsOf({ insecure: undefined, key }), /^key is missing: .* insecure: true/)
  assert.equal(problemsOf({ insecure: undefined, key: 'at least 16 characters' }), '')
})
