// The connections to one node with TLS whose protocol is decided by ALPN: HTTP/2 when the node chooses it, else HTTP/1.1. What
// the node has chosen last is remembered for a while.

import { http2Limits } from '../../base/limits.ts'
import { isSecure, type Node } from '../../cluster/node.ts'
import type { LeasedConnection } from './node-context.ts'
import type { RequestSource } from './request-source.ts'
import { type PoolOwner, SessionPool } from './session-pool.ts'

/** The pool of a node, of any protocol. */
export interface NodePool {
  readonly node: Node
  /**
   * @param alone the request needs a connection for itself: it upgrades, or logs in on it.
   * @returns `undefined` when no connection may be opened.
   */
  lease(fresh: boolean, client: RequestSource, alone: boolean): LeasedConnection | undefined
  /** @returns false when there is none. */
  closeOldest(): boolean
  closeOldestBound(): boolean
  close(): void
}

export class NegotiatedPool implements NodePool {
  readonly node: Node
  readonly #owner: PoolOwner
  readonly #http1: NodePool
  readonly #sessions: SessionPool
  /** Until then the node is asked over HTTP/1.1 without another try, ticker time. */
  #http1Until = 0

  constructor(node: Node, owner: PoolOwner, http1: NodePool) {
    this.node = node
    this.#owner = owner
    this.#http1 = http1
    this.#sessions = new SessionPool(node, owner, () => {
      this.#http1Until = owner.context.ticker.now + http2Limits.negotiatedMs
    })
  }

  /** Whether the protocol of connections to the node is negotiated. */
  static serves(node: Node, { nodeTls }: PoolOwner): boolean {
    return isSecure(node) && nodeTls.of(node.own).http2
  }

  lease(fresh: boolean, client: RequestSource, alone: boolean): LeasedConnection | undefined {
    if (alone || this.#owner.context.ticker.now < this.#http1Until)
      return this.#http1.lease(fresh, client, alone)
    return this.#sessions.lease(fresh)
  }

  closeOldest(): boolean {
    return this.#sessions.closeOldest() || this.#http1.closeOldest()
  }

  closeOldestBound(): boolean {
    return this.#http1.closeOldestBound()
  }

  close(): void {
    this.#sessions.close()
    this.#http1.close()
  }
}
