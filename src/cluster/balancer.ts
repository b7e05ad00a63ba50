// A balancer: MCMP's named group of nodes with session and retry settings (mcmp.md 1.3). Immutable; every CONFIG that
// names the balancer replaces all of its settings.

export interface Balancer {
  /** In lower case. */
  readonly name: string
  /** Row in DUMP. */
  readonly slot: number
  /** Requests of a session go to the session's node. Default true. */
  readonly sticky: boolean
  /** Cookie that carries the session id. Default JSESSIONID. */
  readonly cookie: string
  /** Path parameter that carries the session id. Default jsessionid. */
  readonly pathParameter: string
  /** Remove the session id from requests that leave its domain. Default false. */
  readonly stickyRemove: boolean
  /** Answer 503 rather than leave the session's node or domain. Default true. */
  readonly stickyForce: boolean
  /** No node has sent StickySessionForce: MCMP's default binds the ids of applications, not the proxy's own cookie. */
  readonly isForceDefault?: true
  /** WaitWorker: how long to wait for a usable node, ms. Default 0, no wait. */
  readonly waitMs: number
  /** Maxattempts: further attempts after the first one. Default 1. */
  readonly maxAttempts: number
}

/** In whatever order their fields were set: one may be of a message, the other of another proxy. */
export function isSameBalancer(a: Balancer, b: Balancer): boolean {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Balancer>
  return [...fields].every((field) => a[field] === b[field])
}
