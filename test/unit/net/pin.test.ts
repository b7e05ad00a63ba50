// Fingerprints in the forms in which tools print them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePin } from '../../../src/net/pin.ts'

const digits = 'ab'.repeat(32)

test('64 hexadecimal digits in any common form are the fingerprint of a certificate', () => {
  const plain = digits.toUpperCase()
  const colons = plain.replace(/..(?=.)/g, '$&:')
  for (const text of [digits, plain, colons, `sha256 Fingerprint=${colons}`, `SHA256:${digits}`])
    assert.equal(parsePin(text), plain, text)
})

test('sha256// with base64 of 32 bytes is the fingerprint of a public key', () => {
  const pin = `sha256//${Buffer.alloc(32, 7).toString('base64')}`
  assert.equal(parsePin(pin), pin)
})

test('any other text is not a fingerprint', () => {
  for (const text of ['', 'sha256//', digits.slice(1), `${digits}0`, 'sha256//AAAA', 'sha1//xyz'])
    assert.equal(parsePin(text), undefined, text)
})
