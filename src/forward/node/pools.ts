// Pools of open connections to nodes, one pool for each registration. The newest idle connection is leased first, so
// that the others reach their idle timeout and are closed.

import type { Node } from '../../cluster/node.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import { AjpConnection } from './ajp-connection.ts'
import { NodeConnection } from './node-connection.ts'
import type { ConnectionPool, ConnectionSource, NodeContext } from './node-context.ts'

export class Pools implements ConnectionSource {
  /** Connections to nodes, leased or idle. */
  open = 0
  /** Certificates and checks of TLS connections that are opened from now on. */
  nodeTls: NodeTls
  readonly context: NodeContext
  readonly #byId: Map<number, Pool> = new Map()

  constructor(context: NodeContext, nodeTls: NodeTls) {
    this.context = context
    this.nodeTls = nodeTls
  }

  lease(node: Node, fresh: boolean): NodeConnection | undefined {
    return this.#poolOf(node).lease(fresh)
  }

  #poolOf(node: Node): Pool {
    let pool = this.#byId.get(node.id)
    if (pool === undefined || pool.node !== node) {
      // A CONFIG message has changed the node. Idle connections lead to the same process, but limits may differ.
      pool?.close()
      pool = new Pool(node, this)
      this.#byId.set(node.id, pool)
    }
    return pool
  }

  /** Makes room for one more connection, if need be by closing an idle one. @returns false when there is none. */
  makeRoom(): boolean {
    if (this.open < this.context.connectionsMax) return true
    for (const pool of this.#byId.values()) if (pool.closeOldest()) return true
    return false
  }

  drop(id: number): void {
    this.#byId.get(id)?.close()
    this.#byId.delete(id)
  }

  close(): void {
    for (const id of [...this.#byId.keys()]) this.drop(id)
  }
}

class Pool implements ConnectionPool<NodeConnection> {
  readonly node: Node
  readonly context: NodeContext
  /** The setting, or `ping` of the node when that is shorter. */
  readonly connectMs: number
  /** The setting, or `ttl` of the node when that is shorter. */
  readonly idleMs: number
  readonly #pools: Pools
  readonly #idle: NodeConnection[] = []
  #isClosed = false

  constructor(node: Node, pools: Pools) {
    this.node = node
    this.context = pools.context
    this.#pools = pools
    const { timeouts, poolIdleMs } = pools.context.settings
    this.connectMs = shorter(timeouts.connectMs, node.pingMs)
    this.idleMs = shorter(poolIdleMs, node.ttlMs)
  }

  get nodeTls(): NodeTls {
    return this.#pools.nodeTls
  }

  /** `smax` of the node: idle connections to keep open. */
  get keepsIdle(): boolean {
    return this.#idle.length <= this.node.smax
  }

  lease(fresh: boolean): NodeConnection | undefined {
    const idle = fresh ? undefined : this.#idle.pop()
    if (idle !== undefined) {
      idle.isIdle = false
      return idle
    }
    if (!this.#pools.makeRoom()) return undefined
    return this.node.type === 'ajp' ? new AjpConnection(this) : new NodeConnection(this)
  }

  release(connection: NodeConnection): void {
    if (this.#isClosed || this.#idle.length >= this.context.settings.poolIdleMax) {
      connection.destroy()
      return
    }
    connection.isIdle = true
    this.#idle.push(connection)
  }

  remove(connection: NodeConnection): void {
    const index = this.#idle.lastIndexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  opened(): void {
    this.#pools.open++
  }

  closed(): void {
    this.#pools.open--
  }

  /** Closes the connection that has been idle longest. @returns false when there is none. */
  closeOldest(): boolean {
    const oldest = this.#idle.shift()
    oldest?.destroy()
    return oldest !== undefined
  }

  /** Closes the idle connections now and the leased ones when they are released. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }
}

/** @param ofNode 0 when the node sets no limit. */
const shorter = (ms: number, ofNode: number): number => (ofNode > 0 ? Math.min(ms, ofNode) : ms)
