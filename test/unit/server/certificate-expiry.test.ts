import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CertificateReport } from '../../../src/control/certificate-report.ts'
import { CertificateExpiry, expiryStep } from '../../../src/server/certificate-expiry.ts'
import { memoryLog } from '../../support/memory-log.ts'

const day = 86_400_000

test('a certificate is reported at 30, 7 and 1 days before its end, and at the end', () => {
  const life = { notBefore: 0, notAfter: 90 * day }
  const at = (days: number): number | undefined => expiryStep(life, (90 - days) * day)
  assert.deepEqual([31, 30, 8, 7, 2, 1, 0.1, 0, -5].map(at), [undefined, 30, 30, 7, 7, 1, 1, 0, 0])
})

test('a certificate that lives for six days is reported one day before its end', () => {
  const at = (days: number): number | undefined =>
    expiryStep({ notBefore: 0, notAfter: 6 * day }, (6 - days) * day)
  assert.deepEqual([6, 4, 2, 1].map(at), [undefined, undefined, undefined, 1])
})

test('each step is reported once, and again for the next certificate', () => {
  const log = memoryLog()
  let now = 0
  let notAfter = 90 * day
  const reports = (): readonly CertificateReport[] => [
    {
      names: ['shop.example'],
      source: 'file',
      key: 'tls.cert',
      issuer: 'R3',
      notBefore: new Date(0).toISOString(),
      notAfter: new Date(notAfter).toISOString(),
      renewal: null,
    },
  ]
  const expiry = new CertificateExpiry(log, reports, () => now)
  const look = (): readonly unknown[] => {
    const before = log.messages.length
    expiry.look()
    return log.messages
      .slice(before)
      .map((message, index) => [message, (log.details[before + index] as { days?: number }).days])
  }
  assert.deepEqual(look(), [])
  now = 61 * day
  assert.deepEqual(look(), [['certificate expires soon', 30]])
  assert.deepEqual(look(), [])
  now = 89.5 * day
  assert.deepEqual(look(), [['certificate expires soon', 1]])
  now = 91 * day
  assert.deepEqual(look(), [['certificate has expired', undefined]])
  assert.deepEqual(look(), [])
  notAfter = 100 * day
  assert.deepEqual(look(), [['certificate expires soon', 30]])
})
