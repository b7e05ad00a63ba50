import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownAddress } from '../../../../src/peer/membership/own-address.ts'

const entry = (address: string, family: 'IPv4' | 'IPv6', internal: boolean) => ({
  address,
  family,
  internal,
  cidr: null,
  netmask: '',
  mac: '',
  scopeid: 0,
})
const machine = {
  lo: [entry('127.0.0.1', 'IPv4', true)],
  eth0: [entry('fe80::1', 'IPv6', false), entry('2001:db8::1', 'IPv6', false)],
  eth1: [entry('10.0.0.7', 'IPv4', false)],
} as NonNullable<Parameters<typeof ownAddress>[2]>

test('an address stays itself, and a wildcard becomes one that others can use', () => {
  assert.equal(ownAddress('10.9.9.9', undefined, machine), '10.9.9.9')
  assert.equal(ownAddress('0.0.0.0', undefined, machine), '10.0.0.7')
  assert.equal(ownAddress('::', 'eth1', machine), '10.0.0.7')
  assert.equal(ownAddress('::', '127.0.0.1', machine), '127.0.0.1')
  assert.equal(ownAddress('', undefined, { lo: machine['lo'] ?? [] }), '127.0.0.1')
  assert.equal(ownAddress('', undefined, { eth0: machine['eth0'] ?? [] }), '2001:db8::1')
})
