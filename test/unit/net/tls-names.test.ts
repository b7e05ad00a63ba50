import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownCipher, unknownCurve } from '../../../src/net/tls-names.ts'

test('the first unknown name of a list of ciphers is found, and what only takes others out is not looked up', () => {
  for (const list of [
    'ECDHE+AESGCM',
    'HIGH:!aNULL:-SHA1:+AES:@STRENGTH',
    'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  ])
    assert.equal(unknownCipher(list), undefined, list)
  assert.equal(unknownCipher('HIGH:AES-NIX:NIX'), 'AES-NIX')
  assert.equal(unknownCipher('TLS_NIX'), 'TLS_NIX')
})

test('the first unknown name of a list of groups is found', () => {
  assert.equal(unknownCurve('X25519:prime256v1:P-384'), undefined)
  assert.equal(unknownCurve('X25519:P-999'), 'P-999')
})
