import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { renewalId } from '../../../src/net/renewal-id.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'

// The example of RFC 9773, appendix A.
const example = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`

test('the id of a certificate is that of the example of RFC 9773', () => {
  assert.equal(renewalId(example), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
})

test('the key identifier and the serial number are those that openssl reads', {
  skip: noOpenssl,
}, () => {
  const { cert, certFile } = selfSigned()
  const options = ['x509', '-in', certFile, '-noout', '-serial', '-ext', 'authorityKeyIdentifier']
  const text = execFileSync('openssl', options, { encoding: 'utf8' })
  const [key = '', serial = ''] = (renewalId(cert) ?? '').split('.')
  const hex = (part: string): string => Buffer.from(part, 'base64url').toString('hex').toUpperCase()
  assert.match(text.replaceAll(':', ''), new RegExp(hex(key)))
  assert.equal(/serial=(\w+)/.exec(text)?.[1], hex(serial).replace(/^00/, ''))
})

test('a certificate that names no key of its authority has no id', { skip: noOpenssl }, () => {
  const { cert } = selfSigned({ names: [] })
  const bytes = Buffer.from(cert.replace(/-----.*?-----|\s/g, ''), 'base64')
  const at = bytes.indexOf(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23]))
  // Another extension.
  bytes[at + 4] = 0x7f
  const pem = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
  assert.equal(renewalId(pem), undefined)
})
