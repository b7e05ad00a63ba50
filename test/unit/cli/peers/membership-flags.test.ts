import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type MembershipFlags,
  membershipOptions,
} from '../../../../src/cli/peers/membership-flags.ts'

const place: MembershipFlags = { target: 'http://127.0.0.1:1', group: ['10.0.0.1'] }

function read(flags: Partial<MembershipFlags>, environment: Record<string, string> = {}) {
  const warnings: string[] = []
  const warn = (text: string): void => void warnings.push(text)
  return { ...membershipOptions({ ...place, ...flags }, warn, environment), warnings }
}

test('flags become options, and the key of the environment is the default', () => {
  const flags = { context: ['/a'], address: 'http://10.0.0.1:80', period: 2_000, ttl: 3 }
  assert.deepEqual(read(flags, { TOPSPIN_PEER_KEY: 'a shared secret' }), {
    group: ['10.0.0.1'],
    key: ['a shared secret'],
    contexts: ['/a'],
    address: 'http://10.0.0.1:80',
    periodMs: 2_000,
    ttl: 3,
    warnings: [],
  })
  const both = read({ peerKey: ['one', 'two'] }, { TOPSPIN_PEER_KEY: 'three' })
  assert.deepEqual(both.key, ['one', 'two'])
})

test('former names are accepted with a warning', () => {
  const former = read({ key: ['a shared secret'], advertise: 'http://10.0.0.1:80' })
  assert.deepEqual(former.key, ['a shared secret'])
  assert.equal(former.address, 'http://10.0.0.1:80')
  assert.deepEqual(former.warnings, [
    '--key is now called --peer-key; please rename it',
    '--advertise is now called --address; please rename it',
  ])
  assert.deepEqual(read({}, { TOPSPIN_KEY: 'a shared secret' }).warnings, [
    'TOPSPIN_KEY is now called TOPSPIN_PEER_KEY; please rename it',
  ])
})

test('the name of a file is refused as a key, wherever it stands', () => {
  assert.throws(() => read({ key: ['./node.pem'] }), /--peer-key looks like the name of a file/)
  assert.throws(() => read({}, { TOPSPIN_KEY: '/etc/tls/key' }), /TOPSPIN_KEY looks like/)
})

test('a group without a key is asked for by a flag or a variable', () => {
  assert.equal(read({ insecure: true }).insecure, true)
  assert.equal(read({}, { TOPSPIN_INSECURE: 'yes' }).insecure, true)
})

test('a misspelt variable is refused', () => {
  const environment = { TOPSPIN_PER_KEY: 'a shared secret' }
  assert.throws(() => read({}, environment), /TOPSPIN_PER_KEY is not known; did you mean/)
})
