import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, isWildcard, plainAddress } from '../../../src/net/address.ts'

test('a plain address has neither the IPv6 form of IPv4 nor a zone', () => {
  assert.equal(plainAddress('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  for (const same of ['10.0.0.7', '::1', '::ffff:1']) assert.equal(plainAddress(same), same)
})

test('loopback addresses and localhost are loopback in either family', () => {
  for (const host of ['127.0.0.1', '127.9.8.7', '::ffff:127.0.0.1', '::1', 'localhost'])
    assert.equal(isLoopback(host), true, host)
  for (const host of ['', '128.0.0.1', '10.0.0.1', '::', '127.0.0.1.example', 'localhost.example'])
    assert.equal(isLoopback(host), false, host)
})

test('addresses to listen on everywhere are wildcards', () => {
  for (const address of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])
    assert.equal(isWildcard(address), true, address)
  for (const address of ['', '::1', '127.0.0.1']) assert.equal(isWildcard(address), false, address)
})
