// A balancer: MCMP's named group of nodes with stickiness and retry settings (mcmp.md 1.3). Immutable;
// rewritten wholesale by every CONFIG that names it.

export interface Balancer {
  readonly name: string
  readonly slot: number
  readonly sticky: boolean
  /** Cookie that carries the session id; default JSESSIONID. */
  readonly cookie: string
  /** Path parameter that carries the session id; default jsessionid. */
  readonly pathParameter: string
  /** Strip the session id when the request leaves its domain. */
  readonly stickyRemove: boolean
  /** Answer 503 rather than leave the session's node or domain. */
  readonly stickyForce: boolean
  /** WaitWorker: how long to wait for a usable node, milliseconds; 0 is not at all. */
  readonly waitMs: number
  /** Attempts after the first one. Default 1. */
  readonly maxAttempts: number
}
