// Whether a certificate ends so soon that somebody should look. Pure; for the console and for `topspin doctor`.

export interface CertificateTimes {
  /** `acme`: the proxy renews it itself. */
  readonly source: string
  /** ISO 8601; `null` while there is no certificate. */
  readonly notBefore: string | null
  readonly notAfter: string | null
}

const dayMs = 86_400_000

/** Of a certificate of any length less than half its life is left, of one that the proxy renews less than a quarter. */
export function expiresSoon(
  { source, notBefore, notAfter }: CertificateTimes,
  now: number,
): boolean {
  if (notBefore === null || notAfter === null) return false
  const end = Date.parse(notAfter)
  const life = end - Date.parse(notBefore)
  const [days, share] = source === 'acme' ? [14, 1 / 4] : [30, 1 / 2]
  return end - now < Math.min(days * dayMs, life * share)
}
