// The error class of Topspin: what happened (`code`), on which side, in which phase, and whether the attempt may be
// repeated. Expected errors are returned, not thrown.

/** The connection that failed: the client's, the node's, or none (the proxy itself). */
export type Side = 'client' | 'node' | 'proxy'

/**
 * When it happened: accepting a request, routing it, then connecting, sending, reading the response head and body, or a
 * tunnel; `control` is everything outside requests, such as options and control messages.
 */
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
 * - `if-idempotent`: the request may have been processed, so only an idempotent one may be repeated
 *   [RFC 9110 9.2.2, RFC 9112 9.3.1].
 * - `safe`: the request cannot have been processed.
 */
export type Retry = 'never' | 'if-idempotent' | 'safe'

export interface ErrorDetail {
  readonly side: Side
  readonly phase: Phase
  readonly retry?: Retry
  readonly cause?: unknown
}

/** `code` is stable and documented; `message` is for people. */
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
