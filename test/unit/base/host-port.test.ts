import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostPortText, hostText, parseHostPort } from '../../../src/base/host-port.ts'

test('names, addresses and ports are read and written back', () => {
  for (const text of ['a.test:80', '127.0.0.1:6666', '[::1]:6666', '[fe80::1]:1']) {
    const parsed = parseHostPort(text, 1)
    assert.ok(parsed, text)
    assert.equal(hostPortText(parsed), text)
  }
  assert.deepEqual(parseHostPort(' a ', 6666), { host: 'a', port: 6666 })
  assert.deepEqual(parseHostPort('[::1]', 6666), { host: '::1', port: 6666 })
})

test('anything else is nothing', () => {
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
