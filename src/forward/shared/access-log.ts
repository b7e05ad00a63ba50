// The facts of one request and its response, for an access log. `server/` writes them as lines.

export interface AccessEntry {
  /** End of the exchange, ms since 1970. */
  readonly time: number
  /** Address of the client, without port: the nearest one that is not a trusted proxy. */
  readonly client: string
  /** Address of the connection, without port: that of a proxy in front, or the client's. */
  readonly remote: string
  readonly method: string
  readonly target: string
  readonly host: string
  /** Of the client's connection. */
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'
  /** `TLSv1.2` or `TLSv1.3`; '' without TLS. */
  readonly tls: string
  /** At most 512 characters of it; '' when there is none. */
  readonly userAgent: string
  /** 0: the client was gone before there was a response. */
  readonly status: number
  /** Why the proxy answered itself or cut the response; '' when a node answered. */
  readonly code: string
  /** Route of the node that was asked last, which has answered unless `code` says otherwise; '' when none was asked. */
  readonly route: string
  /** Name of the balancer, and path of the context; '' when the request belongs to none. */
  readonly balancer: string
  readonly context: string
  /** Name of the rule of `routes` that applied, or its number where it has no name; '' for none. */
  readonly rule: string
  readonly attempts: number
  /** From the end of the request's head until a connection to the node was ready, ms; `null` without one. */
  readonly waitMs: number | null
  /** From the end of the request's head to the head of the node's response, ms; `null` without one. */
  readonly firstByteMs: number | null
  /** From the end of the request's head to the end of the response, ms. */
  readonly durationMs: number
  /** Bytes of the response with its head, and of what a tunnel carried to the client. */
  readonly bytes: number
  /** Bytes of the body of the request that were sent to the node, and of what a tunnel carried to it. */
  readonly bytesIn: number
  /** '' unless requests have ids. */
  readonly requestId: string
  /** Of W3C Trace Context; '' unless requests are traced. */
  readonly traceId: string
  /** Values of the fields that the log asks for, in its order; '' for each that the request does not have. */
  readonly fields: readonly string[]
}

export type AccessLog = (entry: AccessEntry) => void
