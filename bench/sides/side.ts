// One of the proxies that are compared. Equal work for all: three servers with connections that are
// kept, X-Forwarded-For, -Proto and -Host set, the client's Host passed on, no compression, no cache.

import type { Certificate } from '../support/certificate.ts'
import type { Launch } from '../support/child.ts'

export interface Place {
  /** Where to listen, on 127.0.0.1. */
  readonly port: number
  /** Where to speak HTTP/2 in the clear, and over TLS. */
  readonly http2Port: number
  readonly tlsPort: number
  readonly certificate: Certificate
  /** For configuration and temporary files, this side's own. */
  readonly folder: string
  /** Ports of the servers behind it, on 127.0.0.1. */
  readonly nodes: readonly number[]
  /** Write one line of JSON for each request into this file. Absent: no access log. */
  readonly accessLog?: string | undefined
  /** Port of Topspin's control listener; 0: any. */
  readonly controlPort: number
  /** Topspin sends the traces of this share of the requests to a receiver. Absent: no traces. */
  readonly traces?: { readonly endpoint: string; readonly sample: number } | undefined
}

export interface Side {
  /** Also its name on the command line. */
  readonly name: string
  /** Absent: not installed. */
  readonly version: string | undefined
  /** It takes part in the cases of HTTP/2. */
  readonly http2?: true
  /** A command. */
  readonly howToInstall: string
  /** Writes its configuration and tells how to start it. */
  readonly prepare: (place: Place) => Launch
}
