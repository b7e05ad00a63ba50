// What is wrong with a certificate and its chain in the eyes of clients, and what to do about it. Pure but for the
// authorities that Node.js trusts.

import { type KeyObject, X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { certificateFacts, commonName } from './certificate-facts.ts'

const pemBlock =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g

/** In the order of the text. */
const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(pemBlock) ?? []).map((block) => new X509Certificate(block))

/** Why clients would refuse it at this time, wall clock ms; undefined: they would not. */
export function dateProblem(cert: string, now: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert)
  if (Date.parse(validTo) < now) return `has expired: ${validTo}; renew it`
  return Date.parse(validFrom) > now
    ? `is not valid yet: ${validFrom}; is the clock of this machine right?`
    : undefined
}

/** The certificate of this key comes behind others: OpenSSL takes the first for it, and says that the key is wrong. */
export function isOutOfOrder(pem: string, key: KeyObject): boolean {
  const [, ...others] = certificatesIn(pem)
  return others.some((certificate) => certificate.checkPrivateKey(key))
}

/**
 * Why clients may refuse a certificate that the proxy can serve.
 * @param names that it is to serve; absent: its own.
 * @param now wall clock, ms.
 */
export function certificateNotes(
  pem: string,
  names: readonly string[] | undefined,
  now: number,
): readonly string[] {
  const [leaf, ...chain] = certificatesIn(pem)
  if (leaf === undefined) return []
  const date = dateProblem(pem, now)
  const missing = names?.filter((name) => !covers(certificateFacts(pem).names, name)) ?? []
  return [
    ...(date === undefined ? [] : [date]),
    ...(leaf.subjectAltName === undefined
      ? ['has no names (subject alternative names), and clients ignore its subject; issue it anew']
      : []),
    ...missing.map(
      (name) => `is not for ${name}; add a certificate for that name, or take it out of names`,
    ),
    ...chainNotes(leaf, chain),
  ]
}

const covers = (own: readonly string[], name: string): boolean =>
  own.includes(name) || own.includes(`*${name.slice(name.indexOf('.'))}`)

function chainNotes(leaf: X509Certificate, chain: readonly X509Certificate[]): readonly string[] {
  let last = leaf
  const rest = [...chain]
  while (rest.length > 0) {
    const at = rest.findIndex((next) => last.checkIssued(next))
    if (at === -1)
      return [
        `the chain breaks behind ${nameOf(last.subject)}: the next certificate is not that of its issuer, ${nameOf(last.issuer)}; remove it or add what is missing`,
      ]
    if (at > 0)
      return [
        `the chain is in the wrong order: behind ${nameOf(last.subject)} belongs its issuer, ${nameOf(last.issuer)}`,
      ]
    last = rest.shift() as X509Certificate
  }
  return isRooted(last)
    ? []
    : [
        `an intermediate certificate is missing: ${nameOf(last.issuer)}, which has signed ${nameOf(last.subject)}; append it, or use the file with the whole chain`,
      ]
}

let rootSubjects: ReadonlySet<string> | undefined

/**
 * Only public authorities write where to get the certificate of the issuer; a certificate without that is signed by an
 * authority of somebody's own, which clients have.
 */
function isRooted(last: X509Certificate): boolean {
  if (last.subject === last.issuer || !/CA Issuers/.test(last.infoAccess ?? '')) return true
  rootSubjects ??= new Set(rootCertificates.map((root) => new X509Certificate(root).subject))
  return rootSubjects.has(last.issuer)
}

const nameOf = (subject: string | undefined): string => JSON.stringify(commonName(subject))
