// What a failed connection means, in words that name the setting to change.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agentTlsSettings,
  commandTlsSettings,
  nodeTlsSettings,
  tlsProblem,
} from '../../../src/net/connect-problem.ts'

const failed = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code })

test('a TLS problem names the setting that its reader can change', () => {
  const error = failed('SELF_SIGNED_CERT_IN_CHAIN')
  assert.match(
    tlsProblem(error, nodeTlsSettings) ?? '',
    /name that authority in nodeTls\.ca \(SELF_SIGNED_CERT_IN_CHAIN\)/,
  )
  assert.match(tlsProblem(error, agentTlsSettings) ?? '', /name that authority in tls\.ca/)
})

test('a problem names a pin only where there is one', () => {
  const error = failed('DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.match(tlsProblem(error, nodeTlsSettings) ?? '', /in nodeTls\.ca or nodeTls\.pin \(/)
  assert.match(tlsProblem(error, commandTlsSettings) ?? '', /in the file of TOPSPIN_CA \(/)
})

test('the names of a certificate are one line of printable characters and bounded length', () => {
  const message = `altnames: DNS:evil\r\n\u001b[31m${'y'.repeat(10_000)}`
  const text = tlsProblem(failed('ERR_TLS_CERT_ALTNAME_INVALID', message), nodeTlsSettings) ?? ''
  assert.match(text, /altnames: DNS:evil\?\[31myyy/)
  assert.ok(text.length < 500)
  assert.doesNotMatch(text, /[^\x20-\x7e]/)
})

test('an unknown TLS error is shown by its code; other errors have no text', () => {
  assert.equal(
    tlsProblem(failed('ERR_SSL_DECRYPTION_FAILED'), agentTlsSettings),
    'TLS failed (ERR_SSL_DECRYPTION_FAILED)',
  )
  assert.equal(tlsProblem(failed('ECONNREFUSED'), agentTlsSettings), undefined)
  assert.equal(tlsProblem(new Error('x'), agentTlsSettings), undefined)
  assert.equal(tlsProblem(undefined, agentTlsSettings), undefined)
})
