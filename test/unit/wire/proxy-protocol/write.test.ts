import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeaderReader } from '../../../../src/wire/proxy-protocol/header-reader.ts'
import { localHeader, proxyHeader } from '../../../../src/wire/proxy-protocol/write.ts'
import { headerV2, tcp4V2 } from '../../../support/proxy-headers.ts'

const resultOf = (bytes: Buffer) => new HeaderReader().add(bytes)?.result

const source = { host: '192.0.2.1', port: 4_000 }
const destination = { host: '198.51.100.2', port: 443 }

test('a header has the ends of the client connection', () => {
  const line = 'PROXY TCP4 192.0.2.1 198.51.100.2 4000 443\r\n'
  assert.equal(proxyHeader('v1', { source, destination }).toString(), line)
  assert.deepEqual(proxyHeader('v2', { source, destination }), tcp4V2)
  const ends6 = {
    source: { host: '2001:db8::1', port: 1 },
    destination: { host: '2001:db8::ff:2', port: 2 },
  }
  assert.equal(proxyHeader('v1', ends6).toString(), 'PROXY TCP6 2001:db8::1 2001:db8::ff:2 1 2\r\n')
  assert.deepEqual(resultOf(proxyHeader('v2', ends6)), { kind: 'tcp', isSecure: false, ...ends6 })
})

test('ends of different families are written as IPv6', () => {
  const mixed = { source, destination: { host: '::1', port: 2 } }
  assert.equal(proxyHeader('v1', mixed).toString(), 'PROXY TCP6 ::ffff:192.0.2.1 ::1 4000 2\r\n')
  const read = resultOf(proxyHeader('v2', mixed))
  assert.ok(read?.kind === 'tcp')
  assert.deepEqual(read.source, { host: '::ffff:192.0.2.1', port: 4_000 })
})

test('a client without an IP address is unknown', () => {
  const ends = { source: { host: 'unix', port: 0 }, destination }
  assert.equal(proxyHeader('v1', ends).toString(), 'PROXY UNKNOWN\r\n')
  assert.deepEqual(proxyHeader('v2', ends), headerV2(0x21, 0x00, Buffer.alloc(0)))
})

test('a connection of the proxy itself is LOCAL, in version 1 UNKNOWN', () => {
  assert.equal(localHeader('v1').toString(), 'PROXY UNKNOWN\r\n')
  assert.deepEqual(localHeader('v2'), headerV2(0x20, 0x00, Buffer.alloc(0)))
})
