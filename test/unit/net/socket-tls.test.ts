import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { SocketTls } from '../../../src/net/socket-tls.ts'

/** A socket with the properties that are read, and a count of the reads of its certificate. */
function socketOf(given: { cipher?: string; authorized?: boolean; chain?: readonly string[] }) {
  const { cipher = '', authorized = true, chain = [] } = given
  let reads = 0
  const certificates = chain.map((text) => ({ raw: Buffer.from(text), issuerCertificate: {} }))
  for (const [i, certificate] of certificates.entries())
    certificate.issuerCertificate = certificates[i + 1] ?? certificate
  const socket = {
    authorized,
    getCipher: () => ({ name: cipher }),
    getProtocol: () => 'TLSv1.3',
    getPeerCertificate: () => {
      reads++
      return certificates[0] ?? {}
    },
  } as unknown as TLSSocket
  return { tls: new SocketTls(socket), reads: () => reads }
}

test('the key length of a cipher is read from its name', () => {
  for (const [cipher, bits] of [
    ['TLS_AES_256_GCM_SHA384', 256],
    ['ECDHE-RSA-AES256-GCM-SHA384', 256],
    ['TLS_CHACHA20_POLY1305_SHA256', 256],
    ['TLS_AES_128_GCM_SHA256', 128],
    ['ECDHE-RSA-AES128-SHA', 128],
    ['OTHER', undefined],
  ] as const)
    assert.equal(socketOf({ cipher }).tls.keySize, bits, cipher)
})

test('the certificate is that of an authorized client, and read once', () => {
  const { tls, reads } = socketOf({ chain: ['client', 'authority'] })
  assert.equal(tls.certificateDer?.toString(), 'client')
  assert.equal(tls.certificateDer?.toString(), 'client')
  assert.equal(reads(), 1)
  assert.equal(socketOf({ chain: ['client'], authorized: false }).tls.certificateDer, undefined)
  assert.equal(socketOf({}).tls.certificateDer, undefined)
  assert.equal(socketOf({}).tls.certificate, undefined)
})
