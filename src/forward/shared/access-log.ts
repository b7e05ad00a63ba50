// The facts of one exchange, for an access log. `server/` writes them as lines.

export interface AccessEntry {
  /** End of the exchange, ms since 1970. */
  readonly time: number
  /** Address of the client, without port. */
  readonly client: string
  readonly method: string
  readonly target: string
  readonly host: string
  readonly status: number
  /** Why the proxy answered itself or cut the response; '' when a node answered. */
  readonly code: string
  /** Route of the node that answered, '' when none did. */
  readonly route: string
  readonly attempts: number
  /** From the end of the request's head to the end of the response, ms. */
  readonly durationMs: number
  /** Bytes of the response, with its head. */
  readonly bytes: number
}

export type AccessLog = (entry: AccessEntry) => void
