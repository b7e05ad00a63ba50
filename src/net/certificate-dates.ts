// The dates of a certificate. Used by server/serving.ts before a reload puts another one in force.

import { X509Certificate } from 'node:crypto'

/** Why clients would refuse it at this time, wall clock ms; undefined: they would not. */
export function dateProblem(cert: string, now: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert)
  if (Date.parse(validTo) < now) return `has expired: ${validTo}`
  return Date.parse(validFrom) > now ? `is not valid yet: ${validFrom}` : undefined
}
