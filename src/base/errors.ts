// Every failure of the day is one of these: what happened (`code`), on which side of the proxy,
// in which phase of the exchange, and whether it may be tried again. Expected ones are returned.

/** Whose fault or whose end: the client's connection, the node's connection, or the proxy itself. */
export type Side = 'client' | 'node' | 'proxy'

/** Where on the way of a request it happened; the names are the stages of `proxy/exchange.ts`. */
export type Phase =
  | 'accept'
  | 'match'
  | 'choose'
  | 'connect'
  | 'send'
  | 'head'
  | 'body'
  | 'tunnel'
  | 'control'

/**
 * Whether the attempt may be repeated on another connection or node.
 * - `never`: the request may have been processed.
 * - `if-idempotent`: the request may have been processed, which does no harm to an idempotent one
 *   [RFC 9110 9.2.2, RFC 9112 9.3.1].
 * - `safe`: no byte of the request can have been processed.
 */
export type Retry = 'never' | 'if-idempotent' | 'safe'

export interface ErrorDetail {
  readonly side: Side
  readonly phase: Phase
  readonly retry?: Retry
  readonly cause?: unknown
}

/** The one error class. `code` is stable and documented; `message` is for people. */
export class TopspinError extends Error {
  readonly code: string
  readonly side: Side
  readonly phase: Phase
  readonly retry: Retry

  constructor(code: string, message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'TopspinError'
    this.code = code
    this.side = detail.side
    this.phase = detail.phase
    this.retry = detail.retry ?? 'never'
  }
}
