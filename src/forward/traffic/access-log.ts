// One line of facts for each exchange, for whoever wants to write them somewhere.

export interface AccessEntry {
  /** Milliseconds since 1970, at the end of the exchange. */
  readonly time: number
  readonly client: string
  readonly method: string
  readonly target: string
  readonly host: string
  readonly status: number
  /** Why the proxy answered itself, or cut the answer; '' when a node answered. */
  readonly code: string
  /** Route of the node that answered, '' when none did. */
  readonly route: string
  readonly attempts: number
  /** From the end of the request's head to the end of the answer, ms. */
  readonly durationMs: number
  /** Bytes of the answer, head included. */
  readonly bytes: number
}

export type AccessLog = (entry: AccessEntry) => void
