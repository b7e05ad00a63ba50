// Addresses and networks as people write them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNetwork, parseEndpoint, parseSecureEndpoint } from '../../../src/config/values.ts'

test('addresses are read with and without a host', () => {
  assert.deepEqual(parseEndpoint('example.test:80'), { host: 'example.test', port: 80 })
  assert.deepEqual(parseEndpoint('[2001:db8::1]:80'), { host: '2001:db8::1', port: 80 })
  assert.deepEqual(parseEndpoint(':80'), { host: '127.0.0.1', port: 80 })
  assert.deepEqual(parseEndpoint(80), { host: '127.0.0.1', port: 80 })
})

test('what is no address is not taken for one', () => {
  for (const text of [
    '',
    'a',
    'a:',
    'a:b',
    '::1:80',
    '[1.2.3.4]:80',
    '1.2.3:80',
    'a b:80',
    'a:80:80',
    '-a:80',
    'a:123456',
  ]) {
    assert.equal(parseEndpoint(text), undefined, text)
  }
})

test('an address may say in front how it is spoken to', () => {
  const plain = { host: '127.0.0.1', port: 80 }
  assert.deepEqual(parseSecureEndpoint('https://127.0.0.1:80'), { ...plain, tls: true })
  assert.deepEqual(parseSecureEndpoint('https://:80/'), { ...plain, tls: true })
  for (const text of ['http://127.0.0.1:80', '127.0.0.1:80', 80])
    assert.deepEqual(parseSecureEndpoint(text), plain)
  for (const text of [
    'https://',
    'https://a',
    'https://a:80/b',
    'ftp://a:80',
    'https:a:80',
    '//a:80',
  ])
    assert.equal(parseSecureEndpoint(text), undefined, text)
})

test('networks have an address of their family and a prefix that fits', () => {
  for (const text of ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8'])
    assert.ok(isNetwork(text), text)
  for (const text of [
    '',
    '10.0.0.0/33',
    'fd00::/129',
    'example.test',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10/8',
  ]) {
    assert.ok(!isNetwork(text), text)
  }
})
