// Pins: fingerprints of trusted certificates, in the two forms that common tools print. 64 hexadecimal digits, with
// or without colons (`openssl x509 -noout -fingerprint -sha256`), mean the certificate; `sha256//BASE64` (curl's
// --pinnedpubkey) means its public key, which stays the same over renewals.

import { createHash, type X509Certificate } from 'node:crypto'

/** The form for comparison; `undefined` when the text is not a fingerprint. */
export function parsePin(text: string): string | undefined {
  const key = /^sha256\/\/([A-Za-z0-9+/]{43}=)$/.exec(text)
  if (key !== null) return text
  const digits = text.replace(/^sha256[ =:]*(fingerprint=)?/i, '').replaceAll(':', '')
  return /^[0-9a-fA-F]{64}$/.test(digits) ? digits.toUpperCase() : undefined
}

/** The fingerprints of a certificate and of its public key. */
export function fingerprints(certificate: X509Certificate): readonly string[] {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return [
    certificate.fingerprint256.replaceAll(':', ''),
    `sha256//${createHash('sha256').update(key).digest('base64')}`,
  ]
}
