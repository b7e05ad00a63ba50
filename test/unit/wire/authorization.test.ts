import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSecret, readSecret, writeSecret } from '../../../src/wire/authorization.ts'

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

test('a written secret is read back', () => {
  assert.equal(readSecret(writeSecret('s3cret-s3cret')), 's3cret-s3cret')
})

test('the secret is accepted as a password with any user name', () => {
  assert.equal(readSecret(basic('anybody:s3cret:s3cret')), 's3cret:s3cret')
  assert.equal(readSecret(basic(':12345678')), '12345678')
  assert.equal(readSecret(basic('no colon')), undefined)
})

for (const value of ['', 'Bearer', 'Bearer ', 'Digest abcdefgh', 'Bearer a b', 'abcdefgh'])
  test(`no secret is read from ${JSON.stringify(value)}`, () => {
    assert.equal(readSecret(value), undefined)
  })

test('a secret that is too short or long, or has blanks or other characters than ASCII, is invalid and not written', () => {
  for (const text of [
    '',
    '1234567',
    'x'.repeat(257),
    'with blank',
    'größe-größe',
    'a\r\nB: cdefgh',
  ]) {
    assert.equal(isSecret(text), false)
    assert.throws(() => writeSecret(text), RangeError)
  }
})
