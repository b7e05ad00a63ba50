// What the API shows of the program around the control service: its listeners and its configuration.

export interface ListenerReport {
  readonly use: 'traffic' | 'control' | 'console' | 'health'
  /** `HOST:PORT` as it listens, or `unix:/PATH`. */
  readonly address: string
  readonly tls: boolean
  /** Whether clients show certificates: `none`, `request` or `require`. */
  readonly clientAuth: 'none' | 'request' | 'require'
  /** Whether clients may speak HTTP/2. */
  readonly http2: boolean
  /** Addresses and networks of proxies in front that send PROXY headers; `null`: clients connect themselves. */
  readonly proxyProtocol: readonly string[] | null
}

/** A key of the configuration with the value in force. */
export interface ConfigurationValue {
  /** As `control.listen`. */
  readonly key: string
  /** Durations are ms. `null`: not set. Of a secret it says only whether it is set. */
  readonly value: unknown
  readonly source: 'default' | 'file' | 'environment' | 'flag'
  /** As `topspin.yaml:3:1`, `TOPSPIN_WORKERS` or `--listen`; `null` for a default. */
  readonly place: string | null
  /** The value has been changed since, and the new one is in force after a restart. */
  readonly restart: boolean
}

export interface Inspection {
  listeners(): readonly ListenerReport[]
  /** In the order of the reference page. */
  configuration(): readonly ConfigurationValue[]
}
