// The client in an AJP request: its address behind trusted proxies, and what its TLS has shown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ajpFacts } from '../../../../src/forward/node/ajp-facts.ts'
import type { RequestSource } from '../../../../src/forward/node/request-source.ts'
import { networkCheck } from '../../../../src/net/network-check.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

const isTrusted = networkCheck(['10.0.0.0/8', '::1'], 'trust')

const client: RequestSource = {
  address: '10.0.0.1',
  localAuthority: '[::1]:8000',
  port: 4_711,
}

const tls = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  keySize: 256,
  session: '0aff',
  certificate: 'PEM',
}

function factsOf(from: RequestSource, ...fields: string[]) {
  const bytes = Buffer.from(['GET / HTTP/1.1', ...fields, '', ''].join('\r\n'))
  const head = new RequestHead()
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  return ajpFacts(head, from, 'hush', isTrusted)
}

test('the client is the nearest address that is not a trusted proxy', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['X-Forwarded-For: 10.0.0.1', '10.0.0.1'],
    ['X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.1', '2.2.2.2'],
    ['X-Forwarded-For: 2.2.2.2,10.9.9.9,10.0.0.1', '2.2.2.2'],
    ['X-Forwarded-For: 2.2.2.2:99, [::1]:5, 10.0.0.1', '2.2.2.2'],
    ['X-Forwarded-For: 10.3.3.3, 10.2.2.2, 10.0.0.1', '10.3.3.3'],
    ['X-Forwarded-For: 2.2.2.2, unknown, 10.2.2.2, 10.0.0.1', '10.2.2.2'],
    ['X-Forwarded-For: , 10.0.0.1', '10.0.0.1'],
    ['X-Forwarded-For: 2.2.2.2, 2001:db8::9, 10.0.0.1', '2001:db8::9'],
    ['X-Forwarded-For: "2.2.2.2", 10.0.0.1', '10.0.0.1'],
  ]
  for (const [field, address] of cases)
    assert.equal(factsOf(client, 'Host: a', field).remoteAddress, address, field)
})

test('a client behind a trusted proxy on a unix socket is known by its address', () => {
  const front = { address: 'unix', localAuthority: 'localhost' }
  const fields = ['Host: a', 'X-Forwarded-For: 2.2.2.2, 10.4.4.4, unknown']
  assert.equal(factsOf(front, ...fields).remoteAddress, '2.2.2.2')
  assert.equal(factsOf(front, 'Host: a', 'X-Forwarded-For: unknown').remoteAddress, 'unix')
})

test('server name and port are those of Host; without a port the scheme decides', () => {
  const cases: readonly (readonly [readonly string[], string, number])[] = [
    [['Host: A.test:81'], 'a.test', 81],
    [['Host: a.test'], 'a.test', 80],
    [['Host: a.test', 'X-Forwarded-Proto: HTTPS'], 'a.test', 443],
    [['Host: [2001:db8::1]:82'], '[2001:db8::1]', 82],
    [['Host: a.test:0'], 'a.test', 80],
    [['Host:'], '[::1]', 8_000],
  ]
  for (const [fields, name, port] of cases) {
    const { serverName, serverPort } = factsOf(client, ...fields)
    assert.deepEqual([serverName, serverPort], [name, port], fields.join())
  }
})

test('port and TLS are sent only for a client that is connected directly', () => {
  const direct = factsOf({ ...client, tls }, 'Host: a', 'X-Forwarded-For: 10.0.0.1')
  assert.deepEqual(direct.attributes, [
    ['AJP_LOCAL_ADDR', '::1'],
    ['AJP_REMOTE_PORT', '4711'],
    ['AJP_SSL_PROTOCOL', 'TLSv1.3'],
  ])
  const { certificate, cipher, keySize, tlsSession, secret } = direct
  assert.deepEqual(
    [certificate, cipher, keySize, tlsSession, secret],
    ['PEM', tls.cipher, 256, '0aff', 'hush'],
  )
  const behind = factsOf({ ...client, tls }, 'Host: a', 'X-Forwarded-For: 2.2.2.2, 10.0.0.1')
  assert.deepEqual(behind.attributes, [['AJP_LOCAL_ADDR', '::1']])
  assert.equal(behind.certificate ?? behind.cipher ?? behind.tlsSession, undefined)
})
