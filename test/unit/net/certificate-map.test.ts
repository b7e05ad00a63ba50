import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CertificateMap,
  type KeyKind,
  type NamedCertificate,
} from '../../../src/net/certificate-map.ts'
import type { ClientHello } from '../../../src/wire/tls/client-hello.ts'

interface Entry extends NamedCertificate {
  readonly id: string
}

const entry = (
  id: string,
  names: readonly string[],
  keyKind: KeyKind = 'ec prime256v1',
): Entry => ({
  id,
  names,
  keyKind,
})

const modern = {
  cipherSuites: [0x1301, 0xc02b, 0xc02f],
  signatureSchemes: [0x0403, 0x0804, 0x0401],
}

const asking = (serverName: string | undefined, more: Partial<ClientHello> = {}): ClientHello => ({
  serverName,
  isTls13: true,
  protocols: [],
  ...modern,
  ...more,
})

const found = (map: CertificateMap<Entry>, name?: string, more?: Partial<ClientHello>) =>
  map.find(asking(name, more))?.id

test('a name gets its own certificate before that of a wildcard, and others get the first', () => {
  const map = new CertificateMap([
    entry('first', ['first.example']),
    entry('wild', ['*.shop.example']),
    entry('own', ['a.shop.example']),
  ])
  assert.equal(found(map, 'a.shop.example'), 'own')
  assert.equal(found(map, 'b.shop.example'), 'wild')
  for (const other of [
    'a.b.shop.example',
    'shop.example',
    '.shop.example',
    'unknown',
    '',
    undefined,
  ])
    assert.equal(found(map, other), 'first', String(other))
  assert.equal(map.find(undefined)?.id, 'first')
})

test('a strict map has nothing for other names, and nothing for a client that names none', () => {
  const map = new CertificateMap([entry('own', ['a.example', '*.b.example'])], true)
  assert.equal(found(map, 'a.example'), 'own')
  assert.equal(found(map, 'x.b.example'), 'own')
  for (const other of ['c.example', 'b.example', undefined])
    assert.equal(found(map, other), undefined)
  assert.equal(map.find(undefined), undefined)
})

test('an empty map has nothing', () => {
  assert.equal(found(new CertificateMap<Entry>([]), 'a.example'), undefined)
})

test('of several kinds of keys a client gets the first that it can verify, RSA last', () => {
  const map = new CertificateMap([
    entry('rsa', ['a.example'], 'rsa'),
    entry('p384', ['a.example'], 'ec secp384r1'),
    entry('p256', ['a.example']),
  ])
  const rsaOnly = { signatureSchemes: [0x0804, 0x0401] }
  assert.equal(found(map, 'a.example'), 'p256')
  assert.equal(found(map, 'a.example', { signatureSchemes: [0x0503, 0x0403] }), 'p384')
  assert.equal(found(map, 'a.example', rsaOnly), 'rsa')
  assert.equal(found(map, 'a.example', { signatureSchemes: [] }), 'rsa')
  assert.equal(found(map, undefined, rsaOnly), 'rsa')
  assert.equal(found(map, undefined), 'p256')
})

test('with TLS 1.2 an elliptic key needs a suite for it, and its scheme no curve', () => {
  const map = new CertificateMap([
    entry('p384', ['a.example'], 'ec secp384r1'),
    entry('rsa', ['a.example'], 'rsa'),
  ])
  assert.equal(found(map, 'a.example', { isTls13: false }), 'p384')
  assert.equal(found(map, 'a.example', { isTls13: false, cipherSuites: [0xc02f] }), 'rsa')
})

test('a client that can verify none gets the last, whose handshake says so', () => {
  const map = new CertificateMap([entry('ed', ['a'], 'ed25519'), entry('rsa', ['a'], 'rsa')])
  assert.equal(found(map, 'a', { signatureSchemes: [0x0808] }), 'rsa')
  assert.equal(found(new CertificateMap([entry('ed', ['a'], 'ed25519')]), 'a'), 'ed')
})

test('the first of one name and one kind of key counts', () => {
  const map = new CertificateMap([entry('one', ['a', 'b']), entry('two', ['b', 'c'])])
  assert.deepEqual([found(map, 'a'), found(map, 'b'), found(map, 'c')], ['one', 'one', 'two'])
})
