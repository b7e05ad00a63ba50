// Reports in the log that a certificate is about to expire, and that it has: once at each of 30, 7 and 1 days before, and at
// the end. A certificate that lives for a short time only is reported from half of its life on.

import { tlsLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { CertificateReport } from '../control/certificate-report.ts'

const dayMs = 86_400_000

interface Life {
  /** Wall clock, ms. */
  readonly notBefore: number
  readonly notAfter: number
}

/** The least of the days at which it is to be reported, 0 when it has expired; undefined: it is good for longer. Pure. */
export function expiryStep({ notBefore, notAfter }: Life, now: number): number | undefined {
  const left = notAfter - now
  if (left <= 0) return 0
  const half = (notAfter - notBefore) / 2
  const due = tlsLimits.expiryDays.filter((days) => days * dayMs < half && left <= days * dayMs)
  return due.length === 0 ? undefined : Math.min(...due)
}

export class CertificateExpiry {
  readonly #log: Logger
  readonly #reports: () => readonly CertificateReport[]
  readonly #now: () => number
  /** The last step that was reported, by the certificate. */
  #reported: ReadonlyMap<string, number> = new Map()

  /** @param now wall clock, ms. */
  constructor(log: Logger, reports: () => readonly CertificateReport[], now: () => number) {
    this.#log = log
    this.#reports = reports
    this.#now = now
  }

  /** To be called at the start, now and then, and when other certificates are in force. */
  look(): void {
    const reported = new Map<string, number>()
    for (const report of this.#reports()) {
      const { key, names, notBefore, notAfter } = report
      if (notBefore === null || notAfter === null) continue
      const life = { notBefore: Date.parse(notBefore), notAfter: Date.parse(notAfter) }
      const step = expiryStep(life, this.#now())
      if (step === undefined) continue
      const id = `${key} ${names[0]} ${notAfter}`
      if (step < (this.#reported.get(id) ?? Number.POSITIVE_INFINITY)) this.#report(report, step)
      reported.set(id, step)
    }
    this.#reported = reported
  }

  #report({ key, names, notAfter, source }: CertificateReport, step: number): void {
    const detail = { key, names: names.slice(0, namesMax), expires: notAfter, source }
    if (step === 0) this.#log.error(detail, 'certificate has expired')
    else
      this.#log[step <= 1 ? 'error' : 'warn']({ ...detail, days: step }, 'certificate expires soon')
  }
}

/** In one line of the log. */
const namesMax = 10
