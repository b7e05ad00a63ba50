// A check of certificate authorities in PEM form. OpenSSL silently skips entries that it cannot parse, and would then
// trust fewer authorities than configured. Called where such a list is read.

import { X509Certificate } from 'node:crypto'

const certificate =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g

/** @throws Error when the PEM text contains no certificate, or a broken one. */
export function checkAuthorities(pem: string): void {
  const found = pem.match(certificate) ?? []
  const begun = pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  if (found.length === 0 || found.length !== begun.length)
    throw new Error('no certificate in PEM form')
  for (const one of found) new X509Certificate(one)
}
