// The part of `topspin doctor` about the certificates of the proxy: those that expire soon, have expired or are missing.
// Pure.

import { expiresSoon } from '../../console/model/certificate-age.ts'
import type { CertificateReport } from '../../control/certificate-report.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const dayMs = 86_400_000

/** @param now wall clock, ms. */
export const certificateFindings = (
  certificates: readonly CertificateReport[],
  now: number,
): readonly Finding[] => certificates.map((certificate) => findingOf(certificate, now))

function findingOf(
  { names, source, key, issuer, notBefore, notAfter, renewal }: CertificateReport,
  now: number,
): Finding {
  const what = `certificate ${names[0] ?? key}`
  const failed = renewal?.error ?? undefined
  if (notBefore === null || notAfter === null)
    return failed === undefined
      ? warn(what, 'it is being ordered', '')
      : fail(what, `there is none, and the order has failed: ${failed}`, orderAdvice)
  const end = Date.parse(notAfter)
  const days = Math.floor((end - now) / dayMs)
  const remedy = source === 'file' ? `renew the file that \`${key}\` names` : orderAdvice
  if (end <= now) return fail(what, `it has expired: ${notAfter}`, remedy)
  const left = days < 1 ? 'within a day' : days === 1 ? 'in 1 day' : `in ${days} days`
  const expires = `it expires ${left} (${notAfter})`
  if (failed !== undefined)
    return warn(what, `${expires}, and its renewal has failed: ${failed}`, orderAdvice)
  return expiresSoon({ source, notBefore, notAfter }, now)
    ? warn(what, expires, remedy)
    : ok(what, `${expires}, issued by ${issuer}`)
}

const orderAdvice =
  'does the name lead to this proxy, and does the authority reach it at port 80 or 443? docs/acme.md describes what it needs'
