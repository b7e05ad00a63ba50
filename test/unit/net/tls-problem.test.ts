// What goes wrong with TLS, in words that name the setting to look at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tlsProblem } from '../../../src/net/tls-problem.ts'

const failed = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code })

test('names the setting of whoever reads it', () => {
  const error = failed('SELF_SIGNED_CERT_IN_CHAIN')
  assert.match(
    tlsProblem(error, 'nodeTls') ?? '',
    /name that in nodeTls\.ca \(SELF_SIGNED_CERT_IN_CHAIN\)/,
  )
  assert.match(tlsProblem(error, 'tls') ?? '', /name that in tls\.ca/)
})

test('shows the names of a certificate as one harmless line of bounded length', () => {
  const message = `altnames: DNS:evil\r\n\u001b[31m${'y'.repeat(10_000)}`
  const text = tlsProblem(failed('ERR_TLS_CERT_ALTNAME_INVALID', message), 'nodeTls') ?? ''
  assert.match(text, /altnames: DNS:evil\?\[31myyy/)
  assert.ok(text.length < 500)
  assert.doesNotMatch(text, /[^\x20-\x7e]/)
})

test('gives a code for what it has no words for, and nothing for what is not about TLS', () => {
  assert.equal(
    tlsProblem(failed('ERR_SSL_DECRYPTION_FAILED'), 'tls'),
    'TLS failed (ERR_SSL_DECRYPTION_FAILED)',
  )
  assert.equal(tlsProblem(failed('ECONNREFUSED'), 'tls'), undefined)
  assert.equal(tlsProblem(new Error('x'), 'tls'), undefined)
  assert.equal(tlsProblem(undefined, 'tls'), undefined)
})
