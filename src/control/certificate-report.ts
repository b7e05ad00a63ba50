// The certificates for clients and nodes that this proxy serves: for /api/status, the API, /metrics and `topspin doctor`.

export interface CertificateReport {
  /** Its DNS names; those that the configuration gives it instead. */
  readonly names: readonly string[]
  /** `file`: it is read from files; `acme`: the proxy obtains it. */
  readonly source: 'file' | 'acme'
  /** The key of the configuration that names it, as `tls.certificates[0].cert`. */
  readonly key: string
  /** `null` while there is no certificate. */
  readonly issuer: string | null
  /** ISO 8601; `null` while there is no certificate. */
  readonly notBefore: string | null
  readonly notAfter: string | null
  /** The orders of the proxy; `null` for files. */
  readonly renewal: RenewalReport | null
}

export interface RenewalReport {
  /** When the next order is due, ISO 8601. */
  readonly at: string
  /** Orders in a row that have failed. */
  readonly failures: number
  /** Why the last of them has failed; `null` when it has not. */
  readonly error: string | null
}
