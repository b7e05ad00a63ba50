import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateFindings } from '../../../src/cli/doctor/certificates.ts'
import type { CertificateReport } from '../../../src/control/certificate-report.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const inDays = (days: number): string => new Date(now + days * 86_400_000).toISOString()

const report = (more: Partial<CertificateReport>): CertificateReport => ({
  names: ['shop.example'],
  source: 'file',
  key: 'tls.cert',
  issuer: 'R3',
  notBefore: inDays(-60),
  notAfter: inDays(60),
  renewal: null,
  ...more,
})

const ordered = (error: string | null): Partial<CertificateReport> => ({
  source: 'acme',
  key: 'acme',
  renewal: { at: inDays(1), failures: error === null ? 0 : 3, error },
})

const none = { issuer: null, notBefore: null, notAfter: null }

const cases: [string, Partial<CertificateReport>, 'ok' | 'warn' | 'fail', RegExp][] = [
  ['that is good for long is ok', {}, 'ok', /expires in 60 days .*, issued by R3$/],
  ['of a file that expires soon is warn', { notAfter: inDays(7) }, 'warn', /in 7 days/],
  ['that expires today is warn', { notAfter: inDays(0.5) }, 'warn', /within a day/],
  ['that has expired is fail', { notAfter: inDays(-1) }, 'fail', /has expired/],
  ['of a short life is ok', { notBefore: inDays(-1), notAfter: inDays(5) }, 'ok', /in 5 days/],
  ['whose renewal fails is warn', ordered('no route'), 'warn', /its renewal has failed: no route/],
  [
    'that could not be ordered is fail',
    { ...none, ...ordered('no route') },
    'fail',
    /there is none, and the order has failed: no route/,
  ],
  ['that is being ordered is warn', { ...none, ...ordered(null) }, 'warn', /being ordered/],
]

for (const [title, more, result, seen] of cases)
  test(`the finding about a certificate ${title}`, () => {
    const [finding] = certificateFindings([report(more)], now)
    assert.equal(finding?.what, 'certificate shop.example')
    assert.equal(finding.result, result)
    assert.match(finding.seen, seen)
  })
