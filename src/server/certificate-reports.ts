// What /api/status, the API and /metrics report of the certificates in force. Used by served-certificates.ts.

import type { TlsMaterial } from '../config/tls-files.ts'
import type { CertificateReport, RenewalReport } from '../control/certificate-report.ts'
import { certificateFacts } from '../net/certificate-facts.ts'
import type { ServerCertificate } from '../net/tls-options.ts'

/** A name for which the proxy obtains certificates. */
export interface OrderedName {
  readonly name: string
  readonly certificate: ServerCertificate | undefined
  readonly renewal: RenewalReport
}

/** @param key of the configuration that names the files. */
export function fileReports({ certificates }: TlsMaterial): readonly CertificateReport[] {
  return certificates.map(({ path, cert, names }) => ({
    ...datesOf(cert, names),
    source: 'file',
    key: path,
    renewal: null,
  }))
}

export const orderedReport = ({ name, certificate, renewal }: OrderedName): CertificateReport => ({
  ...(certificate === undefined
    ? { names: [name], issuer: null, notBefore: null, notAfter: null }
    : datesOf(certificate.cert, undefined)),
  source: 'acme',
  key: 'acme',
  renewal,
})

function datesOf(
  cert: string,
  names: readonly string[] | undefined,
): Pick<CertificateReport, 'names' | 'issuer' | 'notBefore' | 'notAfter'> {
  const facts = certificateFacts(cert)
  return {
    names: names ?? facts.names,
    issuer: facts.issuer,
    notBefore: new Date(facts.notBefore).toISOString(),
    notAfter: new Date(facts.notAfter).toISOString(),
  }
}
