// The sessions with one node that speaks HTTP/2. A request gets a stream of the session with the fewest of them; another
// session is opened while all are full.

import { http2Limits } from '../../base/limits.ts'
import { isHttp2, type Node } from '../../cluster/node.ts'
import { partOf } from '../../cluster/process-share.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import type { NodeContext } from './node-context.ts'
import { NodeSession, type SessionOwner } from './node-session.ts'
import { NodeStream } from './node-stream.ts'

/** The pools of all nodes. */
export interface PoolOwner {
  /** Connections to nodes. */
  open: number
  readonly nodeTls: NodeTls
  readonly context: NodeContext
  makeRoom(): boolean
}

export class SessionPool implements SessionOwner {
  readonly node: Node
  readonly context: NodeContext
  readonly refused: (() => void) | undefined
  readonly #pools: PoolOwner
  /** Those that streams may be added to. */
  readonly #sessions: NodeSession[] = []
  /** Streams of one session that the node has allowed last. */
  #streamsMax = Number.POSITIVE_INFINITY
  #isClosed = false
  #open = 0
  readonly #openMax: number

  /** @param refused called when the node has chosen HTTP/1.1; absent: it must choose HTTP/2. */
  constructor(node: Node, pools: PoolOwner, refused?: () => void) {
    this.node = node
    this.context = pools.context
    this.#pools = pools
    this.refused = refused
    this.#openMax = partOf(node.own?.maxConnections ?? 0, pools.context.share)
  }

  /** Whether the node speaks HTTP/2. */
  static serves(node: Node): boolean {
    return isHttp2(node)
  }

  get connectMs(): number {
    const { own, pingMs } = this.node
    return own?.connectMs || shorter(this.context.settings.timeouts.connectMs, pingMs)
  }

  get idleMs(): number {
    return shorter(this.context.settings.poolIdleMs, this.node.ttlMs)
  }

  get nodeTls(): NodeTls {
    return this.#pools.nodeTls.of(this.node.own)
  }

  lease(fresh: boolean): NodeStream | undefined {
    const session = this.#choose(fresh)
    return session && new NodeStream(session)
  }

  #choose(fresh: boolean): NodeSession | undefined {
    const least = this.#leastBusy(fresh)
    if (least !== undefined && least.load < this.#roomOf(least)) return least
    return this.#dial()
  }

  #leastBusy(fresh: boolean): NodeSession | undefined {
    let least: NodeSession | undefined
    for (const session of this.#sessions) {
      if (fresh && !session.isFresh) continue
      if (least === undefined || session.load < least.load) least = session
    }
    return least
  }

  /** Streams that a session may have at a time. */
  #roomOf(session: NodeSession): number {
    const allowed = session.isOpen ? session.settings.streamsMax : this.#streamsMax
    return Math.min(allowed, http2Limits.nodeStreamsMax)
  }

  #dial(): NodeSession | undefined {
    if (this.#open >= this.#openMax && !this.closeOldest()) return undefined
    if (!this.#pools.makeRoom()) return undefined
    const session = new NodeSession(this)
    this.#sessions.push(session)
    return session
  }

  /** Streams for which the session has no room move to others. */
  ready(session: NodeSession, waiting: readonly NodeStream[]): void {
    this.#streamsMax = session.settings.streamsMax
    for (const stream of waiting.slice(this.#roomOf(session))) {
      if (stream.hasMoved) continue
      const other = this.#choose(false)
      if (other === undefined || other === session) return
      stream.moveTo(other)
    }
  }

  /** The session has no stream. */
  release(session: NodeSession): void {
    if (this.#isClosed || this.context.settings.poolIdleMax === 0) session.leave()
  }

  remove(session: NodeSession): void {
    const index = this.#sessions.indexOf(session)
    if (index >= 0) this.#sessions.splice(index, 1)
  }

  opened(): void {
    this.#open++
    this.#pools.open++
  }

  closed(): void {
    this.#open--
    this.#pools.open--
  }

  /** Closes a session without streams. @returns false when there is none. */
  closeOldest(): boolean {
    const idle = this.#sessions.find((session) => session.load === 0)
    idle?.leave()
    return idle !== undefined
  }

  closeOldestBound(): boolean {
    return false
  }

  /** Begins no more streams; those that are open end in peace. */
  close(): void {
    this.#isClosed = true
    for (const session of this.#sessions.splice(0)) session.leave()
  }
}

/** @param ofNode 0 when the node sets no limit. */
const shorter = (ms: number, ofNode: number): number => (ofNode > 0 ? Math.min(ms, ofNode) : ms)
