import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { certificateFacts, isCertificateName } from '../../../src/net/certificate-facts.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'

describe('the facts of a certificate', { skip: noOpenssl }, () => {
  test('are its DNS names in lower case, each once, its kind of key and its dates', () => {
    const { cert } = selfSigned({ names: ['B.example', 'b.example', '*.c.example', '127.0.0.1'] })
    const facts = certificateFacts(cert)
    assert.deepEqual(facts.names, ['b.example', '*.c.example'])
    assert.equal(facts.keyKind, 'ec prime256v1')
    assert.equal(facts.notAfter - facts.notBefore, 2 * 86_400_000)
  })

  for (const [kind, key] of [
    ['rsa', ['rsa:2048']],
    ['ec secp384r1', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['ed25519', ['ed25519']],
  ] as const)
    test(`name a key of ${kind}`, () => {
      assert.equal(certificateFacts(selfSigned({ key }).cert).keyKind, kind)
    })

  test('have no names where the certificate has none but its subject', () => {
    assert.deepEqual(
      certificateFacts(selfSigned({ names: [], subject: 'old.example' }).cert).names,
      [],
    )
  })
})

test('a name is one of DNS, or one behind a wildcard', () => {
  for (const name of ['a', 'a.example', 'xn--bcher-kva.example', '*.a.example', '_x.a'])
    assert.equal(isCertificateName(name), true, name)
  for (const name of [
    '',
    'A',
    '*',
    '*.',
    'a..b',
    '-a',
    'a-',
    'a b',
    '*.*.a',
    'a.*.b',
    'x'.repeat(64),
  ])
    assert.equal(isCertificateName(name), false, name)
})
