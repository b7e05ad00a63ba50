import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isName, keyOf, parseProxyAddress } from '../../../src/agent/proxy-address.ts'

test('a proxy is written as host:port, with https:// for TLS and 6666 as the default port', () => {
  assert.deepEqual(parseProxyAddress('proxy.test'), { host: 'proxy.test', port: 6666 })
  assert.deepEqual(parseProxyAddress(' 10.0.0.1:7 '), { host: '10.0.0.1', port: 7 })
  assert.deepEqual(parseProxyAddress('https://[::1]:7/'), { host: '::1', port: 7, tls: true })
  assert.deepEqual(parseProxyAddress('https://a'), { host: 'a', port: 6666, tls: true })
})

test('a proxy on the same machine may be a unix socket', () => {
  const unix = { host: 'unix:/run/topspin.sock', port: 0 }
  assert.deepEqual(parseProxyAddress('unix:/run/topspin.sock'), unix)
  assert.deepEqual(parseProxyAddress(' unix:///run/topspin.sock '), unix)
  assert.deepEqual(parseProxyAddress('https://unix:/run/topspin.sock'), { ...unix, tls: true })
  assert.equal(isName(unix.host), false)
  for (const text of ['unix:', 'unix:relative', 'unix:/a b', 'unix:/a/'])
    assert.equal(parseProxyAddress(text), undefined, text)
})

test('any other text is not the address of a proxy', () => {
  for (const text of ['', 'a b', ':80', 'a:99999', 'http://a', 'https://a/b', 'https://', '::1'])
    assert.equal(parseProxyAddress(text), undefined, text)
})

test('names are looked up, but not localhost', () => {
  for (const host of ['proxy.test', '_mcmp._tcp.test']) assert.equal(isName(host), true, host)
  for (const host of ['10.0.0.1', '::1', 'localhost']) assert.equal(isName(host), false, host)
})

test('one host and port is one proxy, with or without TLS', () => {
  assert.equal(
    keyOf({ host: 'a', port: 1 }),
    keyOf(parseProxyAddress('https://a:1') ?? { host: '', port: 0 }),
  )
  assert.notEqual(keyOf({ host: 'a', port: 1 }), keyOf({ host: 'a', port: 2 }))
})
