// Connections to nodes that are kept open between requests, a pool for each registration. The newest
// is lent first, so that the others grow old and are closed.

import type { Node } from '../../cluster/node.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { AjpConnection } from './ajp-connection.ts'
import { NodeConnection } from './node-connection.ts'

export class Pool {
  readonly node: Node
  readonly traffic: Traffic
  /** Making a connection: `ping` of the node, when that is shorter. */
  readonly connectMs: number
  /** How long a connection may be idle: `ttl` of the node, when that is shorter. */
  readonly idleMs: number
  readonly #idle: NodeConnection[] = []
  #closed = false

  constructor(node: Node, traffic: Traffic) {
    this.node = node
    this.traffic = traffic
    const { timeouts, poolIdleMs } = traffic.settings
    this.connectMs = shorter(timeouts.connectMs, node.pingMs)
    this.idleMs = shorter(poolIdleMs, node.ttlMs)
  }

  /** Whether an idle connection stays when its time to live is over: the node wants to keep `smax` of them. */
  get keeps(): boolean {
    return this.#idle.length <= this.node.smax
  }

  get idle(): number {
    return this.#idle.length
  }

  /**
   * @param fresh do not take one that has waited: it may be the next that the node closes.
   * @returns `undefined` when this process may open no more.
   */
  lease(fresh: boolean): NodeConnection | undefined {
    const idle = fresh ? undefined : this.#idle.pop()
    if (idle !== undefined) {
      idle.isIdle = false
      return idle
    }
    if (!this.traffic.pools.makeRoom(this.traffic)) return undefined
    return this.node.type === 'ajp' ? new AjpConnection(this) : new NodeConnection(this)
  }

  /** Takes back a connection that may carry another request. */
  giveBack(connection: NodeConnection): void {
    if (this.#closed || this.#idle.length >= this.traffic.settings.poolIdleMax) {
      connection.destroy()
      return
    }
    connection.isIdle = true
    this.#idle.push(connection)
  }

  /** A connection ended while nobody used it. */
  remove(connection: NodeConnection): void {
    const index = this.#idle.lastIndexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  /** Closes the one that has been idle longest; false when there is none. */
  closeOldest(): boolean {
    const oldest = this.#idle.shift()
    oldest?.destroy()
    return oldest !== undefined
  }

  /** Closes what is idle now and whatever is given back later. */
  close(): void {
    this.#closed = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }
}

/** What the node says, 0 being nothing, but no more than the settings allow. */
const shorter = (ms: number, ofNode: number): number => (ofNode > 0 ? Math.min(ms, ofNode) : ms)

export class Pools {
  /** Connections to nodes, lent or idle. */
  open = 0
  readonly #byId: Map<number, Pool> = new Map()

  of(node: Node, traffic: Traffic): Pool {
    let pool = this.#byId.get(node.id)
    if (pool === undefined || pool.node !== node) {
      // A CONFIG rewrote the node: what is idle still leads to the same process, but limits may differ.
      pool?.close()
      pool = new Pool(node, traffic)
      this.#byId.set(node.id, pool)
    }
    return pool
  }

  /** For one connection more: an idle one to some node gives way. */
  makeRoom({ room }: Traffic): boolean {
    if (this.open < room.nodes) return true
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
