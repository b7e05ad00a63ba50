// Pools of open connections to nodes, one pool for each registration. The newest idle connection is leased first, so
// that the others reach their idle timeout and are closed. A node may send a late body behind a response that has none,
// which would be taken for the next response: those connections rest first, and the oldest is leased first. Nodes that speak
// HTTP/2: session-pool.ts.

import { admissionLimits, httpLimits } from '../../base/limits.ts'
import type { NodeLive } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import { partOf } from '../../cluster/process-share.ts'
import { proxyVersionOf } from '../../cluster/send-proxy.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import type { ProxyVersion } from '../../wire/proxy-protocol/header.ts'
import { NegotiatedPool, type NodePool } from './negotiated-pool.ts'
import { NodeConnection } from './node-connection.ts'
import type {
  ConnectionPool,
  ConnectionSource,
  LeasedConnection,
  NodeContext,
} from './node-context.ts'
import type { RequestSource } from './request-source.ts'
import { SessionPool } from './session-pool.ts'

/** Opens a connection to a node that speaks AJP. */
export type OpenAjp = (
  pool: ConnectionPool<NodeConnection>,
  client: RequestSource,
) => NodeConnection

export class Pools implements ConnectionSource {
  /** Connections to nodes, leased or idle. */
  open = 0
  /** Certificates and checks of TLS connections that are opened from now on. */
  nodeTls: NodeTls
  readonly context: NodeContext
  readonly openAjp: OpenAjp | undefined
  readonly #byId: Map<number, NodePool> = new Map()

  /** @param openAjp of those that have nodes of AJP. */
  constructor(context: NodeContext, nodeTls: NodeTls, openAjp?: OpenAjp) {
    this.context = context
    this.nodeTls = nodeTls
    this.openAjp = openAjp
  }

  lease(
    node: Node,
    fresh: boolean,
    client: RequestSource,
    alone: boolean,
  ): LeasedConnection | undefined {
    return this.#poolOf(node).lease(fresh, client, alone)
  }

  #poolOf(node: Node): NodePool {
    let pool = this.#byId.get(node.id)
    if (pool === undefined || pool.node !== node) {
      // A CONFIG message has changed the node. Idle connections lead to the same process, but limits may differ.
      pool?.close()
      pool = this.#newPool(node)
      this.#byId.set(node.id, pool)
    }
    return pool
  }

  #newPool(node: Node): NodePool {
    if (SessionPool.serves(node)) return new SessionPool(node, this)
    const pool = new Pool(node, this)
    const isNegotiated = pool.proxyVersion === undefined && NegotiatedPool.serves(node, this)
    return isNegotiated ? new NegotiatedPool(node, this, pool) : pool
  }

  /** Makes room for one more connection, if need be by closing an idle one. @returns false when there is none. */
  makeRoom(): boolean {
    if (this.open < this.context.connectionsMax) return true
    for (const pool of this.#byId.values()) if (pool.closeOldest()) return true
    for (const pool of this.#byId.values()) if (pool.closeOldestBound()) return true
    return false
  }

  drop(id: number): void {
    this.#byId.get(id)?.close()
    this.#byId.delete(id)
  }

  /** Uses the present connections for no further request. */
  renew(): void {
    for (const id of [...this.#byId.keys()]) this.drop(id)
  }

  close(): void {
    this.renew()
  }
}

class Pool implements ConnectionPool<NodeConnection> {
  readonly node: Node
  readonly context: NodeContext
  readonly proxyVersion: ProxyVersion | undefined
  readonly #pools: Pools
  readonly #live: NodeLive
  readonly #idle: NodeConnection[] = []
  /** Idle after a response without a body, the longest idle first. */
  readonly #resting: NodeConnection[] = []
  /** Idle connections that belong to one client each, the longest idle first. */
  readonly #bound: Set<NodeConnection> = new Set()
  #isClosed = false
  /** Connections of this pool, leased or idle, and their limit. */
  #open = 0
  readonly #openMax: number
  /** Behind which complete responses the node has sent bytes. */
  #excess: 'never' | 'empty' | 'any' = 'never'

  constructor(node: Node, pools: Pools) {
    this.node = node
    this.context = pools.context
    this.#pools = pools
    this.#live = pools.context.liveOf(node.id)
    this.proxyVersion = proxyVersionOf(pools.context.settings.sendProxy, node)
    this.#openMax = partOf(node.own?.maxConnections ?? 0, pools.context.share)
  }

  /** The setting, or `ping` of the node when that is shorter. */
  get connectMs(): number {
    const { own, pingMs } = this.node
    return own?.connectMs || shorter(this.context.settings.timeouts.connectMs, pingMs)
  }

  /** The setting, or `ttl` of the node when that is shorter. */
  get idleMs(): number {
    return shorter(this.context.settings.poolIdleMs, this.node.ttlMs)
  }

  get nodeTls(): NodeTls {
    return this.#pools.nodeTls.of(this.node.own)
  }

  /** `smax` of the node: idle connections to keep open. */
  get keepsIdle(): boolean {
    return this.#idle.length + this.#resting.length <= this.node.smax
  }

  lease(fresh: boolean, client: RequestSource): NodeConnection | undefined {
    const idle = fresh ? undefined : (this.#newest() ?? this.#rested())
    if (idle !== undefined) {
      idle.isIdle = false
      return idle
    }
    if (this.#open >= this.#openMax) this.#closeIdle()
    if (!this.#pools.makeRoom()) return undefined
    const { openAjp } = this.#pools
    return this.node.type === 'ajp' && openAjp !== undefined
      ? openAjp(this, client)
      : new NodeConnection(this, client)
  }

  /** In place of the connection that is about to be opened: to the node, an idle connection is one, too. */
  #closeIdle(): void {
    if (!this.closeOldest()) this.closeOldestBound()
  }

  /** The newest idle connection; those that the node has closed meanwhile are left out. */
  #newest(): NodeConnection | undefined {
    for (;;) {
      const newest = this.#idle.pop()
      if (newest?.hasUnreadInput() !== true) return newest
      newest.destroy()
    }
  }

  /** The connection that rests longest, if that is long enough and nothing has arrived on it. */
  #rested(): NodeConnection | undefined {
    const { restMs, restMsMin, restingMany } = httpLimits
    while (this.#resting.length > 0) {
      const ms = this.#resting.length < restingMany ? restMs : restMsMin
      const oldest = this.#resting[0] as NodeConnection
      if (this.context.clock.now() - oldest.restsSince < ms) return undefined
      this.#resting.shift()
      if (!oldest.hasUnreadInput()) return oldest
      oldest.destroy()
    }
    return undefined
  }

  release(connection: NodeConnection): void {
    const { ticker, settings } = this.context
    const { poolIdleMax } = settings
    const isUnwanted = poolIdleMax === 0 && !connection.isBound
    if (this.#isClosed || isUnwanted || this.#mayGetExcess(connection)) {
      connection.destroy()
      return
    }
    const isSurplus = this.#idle.length + this.#resting.length >= poolIdleMax
    // The newest idle connection is leased first, so a surplus one that expires was not needed all the time.
    if (isSurplus && !connection.isBound)
      connection.deadline = Math.min(
        connection.deadline,
        ticker.now + admissionLimits.surplusIdleMs,
      )
    connection.isIdle = true
    if (connection.isBound) this.#bound.add(connection)
    else if (connection.rests) {
      connection.restsSince = this.context.clock.now()
      this.#resting.push(connection)
    } else this.#idle.push(connection)
  }

  remove(connection: NodeConnection): void {
    if (connection.isBound) {
      this.#bound.delete(connection)
      return
    }
    const list = connection.rests ? this.#resting : this.#idle
    const index = list.lastIndexOf(connection)
    if (index >= 0) list.splice(index, 1)
  }

  #mayGetExcess(connection: NodeConnection): boolean {
    return this.#excess === 'any' || (this.#excess === 'empty' && connection.rests)
  }

  receivedExcess(behindEmpty: boolean): void {
    if (this.#excess === 'any' || (behindEmpty && this.#excess === 'empty')) return
    this.#excess = behindEmpty ? 'empty' : 'any'
    for (const connection of this.#resting.splice(0)) connection.destroy()
    if (!behindEmpty) for (const connection of this.#idle.splice(0)) connection.destroy()
    const { route } = this.node
    const message = behindEmpty
      ? 'node sends bytes behind responses without a body'
      : 'node sends bytes behind complete responses'
    this.context.log.warn({ route }, message)
  }

  opened(): void {
    this.#open++
    this.#pools.open++
    this.#live.connections++
  }

  closed(): void {
    this.#open--
    this.#pools.open--
    this.#live.connections--
  }

  /** Closes the connection that has been idle longest. @returns false when there is none. */
  closeOldest(): boolean {
    const oldest = this.#idle.shift() ?? this.#resting.shift()
    oldest?.destroy()
    return oldest !== undefined
  }

  /** The same of those that belong to a client, which has to log in again then. */
  closeOldestBound(): boolean {
    const [oldest] = this.#bound
    oldest?.close()
    return oldest !== undefined
  }

  /** Closes the idle connections now and the leased ones when they are released. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
    for (const connection of this.#resting.splice(0)) connection.destroy()
    for (const connection of [...this.#bound]) connection.close()
  }
}

/** @param ofNode 0 when the node sets no limit. */
const shorter = (ms: number, ofNode: number): number => (ofNode > 0 ? Math.min(ms, ofNode) : ms)
