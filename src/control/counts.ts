// Counters of the control listener for /metrics: messages by result, refusals by reason. Shown by prometheus.ts.

/**
 * The source address, the secret, the `Origin` of a web page, its `Host`, too much from one source, too many
 * connections, too many connections for health checks (`health.listen`), too many streams, bytes that are no valid
 * request, a TLS handshake, or a client certificate.
 */
type RefusalReason =
  | 'address'
  | 'secret'
  | 'origin'
  | 'host'
  | 'source'
  | 'connections'
  | 'health'
  | 'streams'
  | 'invalid'
  | 'handshake'
  | 'certificate'

/** Totals since the proxy started. */
export class ControlCounts {
  /** MCMP messages, by method and result: OK, or the Type of the error. */
  readonly messages: Map<string, Map<string, number>> = new Map()
  /** Connections and requests that were refused. */
  readonly refusals: Map<RefusalReason, number> = new Map()
  /** Streams that ended because their reader was too slow, or to make room for another one. */
  readonly cutStreams: Map<'slow' | 'room', number> = new Map()

  /** @param method a known MCMP method, so that the table stays small. */
  countMessage(method: string, result: string): void {
    const results = this.messages.get(method) ?? new Map<string, number>()
    results.set(result, (results.get(result) ?? 0) + 1)
    this.messages.set(method, results)
  }

  countCutStream(reason: 'slow' | 'room'): void {
    this.cutStreams.set(reason, (this.cutStreams.get(reason) ?? 0) + 1)
  }

  countRefusal(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1)
  }
}
