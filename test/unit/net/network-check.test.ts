import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkCheck } from '../../../src/net/network-check.ts'

test('an address is checked against addresses and networks of both families', () => {
  const isListed = networkCheck(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1'], 'x')
  for (const address of ['10.255.0.1', '192.0.2.7', 'fd12::1', '::1', '::ffff:10.0.0.1'])
    assert.equal(isListed(address), true, address)
  for (const address of ['11.0.0.1', '192.0.2.8', 'fe80::1', '::2', '', 'localhost'])
    assert.equal(isListed(address), false, address)
})

test('no address is in an empty list', () => {
  assert.equal(networkCheck([], 'x')('10.0.0.1'), false)
})

test('a bad entry is an error that names the setting', () => {
  for (const entry of ['10.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/x', '::/129', 'host', ''])
    assert.throws(() => networkCheck([entry], 'control.allow'), {
      name: 'RangeError',
      message: `control.allow: not an address or network: ${entry}`,
    })
})
