import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hostPortText,
  hostText,
  parseEndpoint,
  parseHostPort,
  parseSecureEndpoint,
} from '../../../src/base/host-port.ts'

test('names, addresses and ports are read and written back', () => {
  for (const text of ['a.test:80', '127.0.0.1:6666', '[::1]:6666', '[fe80::1]:1']) {
    const parsed = parseHostPort(text, 1)
    assert.ok(parsed, text)
    assert.equal(hostPortText(parsed), text)
  }
  assert.deepEqual(parseHostPort(' a ', 6666), { host: 'a', port: 6666 })
  assert.deepEqual(parseHostPort('[::1]', 6666), { host: '::1', port: 6666 })
})

test('text that is not host:port is refused', () => {
  for (const text of [
    '',
    ':80',
    '6666',
    '300.1.1.1:80',
    'a:',
    'a:0',
    'a:65536',
    'a:b',
    '::1:80',
    'http://a',
    'a b',
    'a/b',
  ]) {
    assert.equal(parseHostPort(text, 80), undefined, text)
  }
})

test('an IPv6 address is written in brackets, once', () => {
  assert.equal(hostText('::1'), '[::1]')
  assert.equal(hostText('[::1]'), '[::1]')
  assert.equal(hostText('127.0.0.1'), '127.0.0.1')
  assert.equal(hostPortText({ host: 'fe80::1', port: 80 }), '[fe80::1]:80')
})

test('an endpoint is read with and without a host', () => {
  assert.deepEqual(parseEndpoint('example.test:80'), { host: 'example.test', port: 80 })
  assert.deepEqual(parseEndpoint('[2001:db8::1]:80'), { host: '2001:db8::1', port: 80 })
  assert.deepEqual(parseEndpoint(':80'), { host: '127.0.0.1', port: 80 })
  assert.deepEqual(parseEndpoint(80), { host: '127.0.0.1', port: 80 })
})

test('an endpoint that is not an address is refused', () => {
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

test('https:// in front of an endpoint stands for TLS', () => {
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
