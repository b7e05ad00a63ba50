// What a certificate says of itself, read once when it is loaded.

import { type KeyObject, X509Certificate } from 'node:crypto'
import type { KeyKind } from './certificate-map.ts'

export interface CertificateFacts {
  /** The DNS names that it is for, in lower case; a client that asks for an address sends no name. */
  readonly names: readonly string[]
  readonly keyKind: KeyKind | undefined
  /** The common name of its issuer, else the last part of the issuer's name. */
  readonly issuer: string
  /** Wall clock, ms. */
  readonly notBefore: number
  readonly notAfter: number
}

/** @param cert PEM; of a chain the first certificate. @throws Error of OpenSSL. */
export function certificateFacts(cert: string): CertificateFacts {
  const x509 = new X509Certificate(cert)
  return {
    names: namesOf(x509),
    keyKind: keyKindOf(x509.publicKey),
    issuer: commonName(x509.issuer),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
  }
}

/** Of a subject or issuer, else its last line. */
export function commonName(subject: string | undefined): string {
  const lines = (subject ?? '').split('\n')
  const line = lines.find((text) => text.startsWith('CN=')) ?? lines.at(-1) ?? ''
  return line.slice(line.indexOf('=') + 1)
}

/** Whether clients can ask for it: a DNS name, or one behind a wildcard of one label. */
export function isCertificateName(name: string): boolean {
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.')
  return name.length <= 253 && labels.every(isLabel)
}

const isLabel = (text: string): boolean =>
  /^[a-z0-9_-]{1,63}$/.test(text) && !text.startsWith('-') && !text.endsWith('-')

/** Node.js writes a name with special characters in quotes; no client asks for such a name. */
function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names = subjectAltName
    .split(', ')
    .flatMap((part) => (part.startsWith('DNS:') ? [part.slice(4).toLowerCase()] : []))
  return [...new Set(names.filter(isCertificateName))]
}

const curves = ['prime256v1', 'secp384r1', 'secp521r1'] as const

function keyKindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyKind | undefined {
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
    case 'ed25519':
    case 'ed448':
      return asymmetricKeyType
    case 'ec': {
      const curve = curves.find((name) => name === asymmetricKeyDetails?.namedCurve)
      return curve && `ec ${curve}`
    }
    default:
      return undefined
  }
}
