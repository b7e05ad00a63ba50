// The header of the PROXY protocol, with which a proxy in front says whose connection it passes on: the specification is
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt. Read by header-reader.ts, written by write.ts.

import type { HostPort } from '../../base/host-port.ts'

/** `v1` is one line of text, `v2` is binary. */
export type ProxyVersion = 'v1' | 'v2'

/**
 * Whose connection it is: `tcp` that of a client at `source`, which connected to `destination`; `unix` that of a client on
 * a unix socket of the proxy; `unknown` that of a client about which the proxy says nothing; `local` the proxy's own, such
 * as a health check.
 */
export type ProxyHeader = {
  /** The client used TLS towards the proxy, which the proxy has ended (PP2_CLIENT_SSL). */
  readonly isSecure: boolean
} & (
  | { readonly kind: 'tcp'; readonly source: HostPort; readonly destination: HostPort }
  | { readonly kind: 'unix' | 'unknown' | 'local' }
)

/** A header, or what is wrong with the bytes. */
export type HeaderResult = ProxyHeader | { readonly kind: 'invalid'; readonly reason: string }

export const invalid = (reason: string): HeaderResult => ({ kind: 'invalid', reason })

/** The first twelve bytes of version 2. */
export const signature: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
