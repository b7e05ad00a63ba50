// One connection to a node: opened, leased to an exchange, released, closed. It only moves bytes; HTTP is the matter of
// the exchange. A connection that speaks AJP: ajp-connection.ts.

import type { TopspinError } from '../../base/errors.ts'
import { bareHost, parseHostPort } from '../../base/host-port.ts'
import { httpLimits } from '../../base/limits.ts'
import { isSecure, type Node } from '../../cluster/node.ts'
import { Connection, type DialReceiver } from '../../net/connection.ts'
import { SecureConnection } from '../../net/secure-connection.ts'
import { unreadInput } from '../../node-internals/unread-input.ts'
import { type ClientEnds, proxyHeader } from '../../wire/proxy-protocol/write.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type {
  ConnectionPool,
  LeasedConnection,
  NodeContext,
  ResponseReceiver,
} from './node-context.ts'
import { closedError, connectError, lateError } from './node-error.ts'
import type { RequestSource } from './request-source.ts'

/** Idle connections are closed this long before the node would close them, and not sooner than the minimum, ms. */
const keepAliveMarginMs = 1_000
const keepAliveMinMs = 500

/** A node may send it on an idle connection before it closes that [RFC 9110 15.5.9]. */
const timeoutNotice = /^HTTP\/1\.[01] 408/

export class NodeConnection implements DialReceiver, LeasedConnection {
  readonly pool: ConnectionPool<NodeConnection>
  readonly connection: Connection
  deadline: number = Number.POSITIVE_INFINITY
  /** A request can be sent: the connection is established and, over AJP, the node has answered the CPING. */
  isReady = false
  isIdle = false
  isReused = false
  isLoggedIn = false
  /** Its last response has no body: a node may send one nevertheless, late. */
  rests = false
  /** When it began to be idle, ms of the clock; only while it rests. */
  restsSince = 0
  /** How long it may be idle, ms; less when the node announces a shorter time in Keep-Alive. */
  idleMs: number
  /** The same while it is one of the `smax` that the pool keeps. */
  keptMs: number
  protected readonly context: NodeContext
  protected exchange: ResponseReceiver | undefined
  /** Its idle time is over, and it is one of those that the pool keeps. */
  #isKept = false
  /** When it began to be idle, ms of the ticker. */
  #idleSince = 0
  /** Counted as open: from the dial until its descriptor is free. */
  #isCounted = true
  #buffer: Buffer | undefined
  /** Of the client's connection that it belongs to. */
  #bound: Set<LeasedConnection> | undefined
  #attachedAt = 0
  /** The time to connect is over. */
  #late: TopspinError | undefined

  /** @param client the one for whose request it is opened. */
  constructor(pool: ConnectionPool<NodeConnection>, client: RequestSource) {
    this.pool = pool
    const { node, context } = pool
    this.context = context
    this.idleMs = pool.idleMs
    this.keptMs = context.settings.poolIdleMs
    const host = bareHost(node.host)
    const lookup = context.lookupOf(node)
    const { proxyVersion } = pool
    const header = proxyVersion && proxyHeader(proxyVersion, endsOf(client))
    this.connection = isSecure(node)
      ? SecureConnection.dialSecure(host, node.port, pool.nodeTls, this, lookup, header)
      : Connection.dial(host, node.port, this, lookup, header)
    context.ticker.add(this)
    pool.opened()
    // Of the socket, because a tunnel takes over the events of the connection.
    this.connection.socket.once('close', () => this.#leave())
  }

  #leave(): void {
    this.#bound?.delete(this)
    if (this.#isCounted) this.pool.closed()
    this.#isCounted = false
  }

  get node(): Node {
    return this.pool.node
  }

  get isForOneClient(): boolean {
    return this.pool.proxyVersion !== undefined
  }

  get isBound(): boolean {
    return this.#bound !== undefined
  }

  bindTo(bound: Set<LeasedConnection>): void {
    this.#bound = bound
  }

  reuse(): boolean {
    this.pool.remove(this)
    this.isIdle = false
    if (!this.hasUnreadInput()) return true
    this.destroy()
    return false
  }

  /**
   * Whether bytes or the end have arrived on an idle connection, which must not be used then: a request that is no longer
   * read may not be repeated. Only a connection that rests or has been idle for a while is checked.
   */
  hasUnreadInput(): boolean {
    const idleMs = this.context.ticker.now - this.#idleSince
    if (!this.rests && idleMs < httpLimits.uncheckedIdleMs) return false
    const input = unreadInput(this.connection.socket)
    // Bytes below TLS may be a session ticket or an alert; after some time they may be a 408.
    if (this.rests && input === 'bytes' && !isSecure(this.node)) this.noteExcess(true)
    return input !== 'none'
  }

  noteExcess(behindEmpty: boolean): void {
    this.pool.receivedExcess(behindEmpty)
  }

  close(): void {
    if (this.exchange === undefined) this.retire()
  }

  attach(exchange: ResponseReceiver): void {
    this.exchange = exchange
    this.#attachedAt = this.context.ticker.now
    const connectMs = exchange.connectMs ?? this.pool.connectMs
    this.deadline = this.isReady ? Infinity : this.context.ticker.now + connectMs
  }

  noteKeepAlive(field: string): void {
    const seconds = /\btimeout=(\d{1,6})\b/i.exec(field)?.[1]
    if (seconds === undefined) return
    const ms = Math.max(keepAliveMinMs, Number(seconds) * 1_000 - keepAliveMarginMs)
    this.idleMs = Math.min(this.idleMs, ms)
    this.keptMs = Math.min(this.keptMs, ms)
  }

  write(bytes: Buffer): boolean {
    return this.connection.write(bytes)
  }

  get pending(): number {
    return this.connection.pending
  }

  pause(): void {
    this.connection.pause()
  }

  resume(): void {
    this.connection.resume()
  }

  becomeTunnel(): TunnelSide {
    return this.connection
  }

  release(reusable: boolean, rests: boolean): void {
    this.rests = rests
    if (reusable && this.pending === 0) this.returnToPool()
    else this.destroy()
  }

  protected returnToPool(): void {
    this.exchange = undefined
    this.#isKept = false
    this.isReused = true
    this.#idleSince = this.context.ticker.now
    this.deadline = this.#idleSince + this.idleMs
    this.pool.release(this)
  }

  destroy(): void {
    this.exchange = undefined
    this.deadline = Infinity
    if (this.isIdle) this.connection.close()
    else this.connection.destroy()
    this.#leave()
  }

  abort(): void {
    this.exchange = undefined
    this.deadline = Infinity
    this.connection.reset()
    this.#leave()
  }

  detachBuffer(): void {
    this.#buffer = undefined
    this.connection.resume()
  }

  /**
   * The head of a response is processed at once, with all that came in the same read, so all connections read it into
   * one buffer. The rest of a body is sent from where it was read, which needs a buffer of its own.
   */
  nextBuffer(): Buffer {
    const { exchange } = this
    const { buffers } = this.context
    if (exchange?.relaysBody === true) {
      this.#buffer ??= buffers.leaseRead()
      return this.#buffer
    }
    // A connection that was destroyed in the middle of a response may have left bytes there that are still being sent.
    const isClean = this.isIdle || exchange !== undefined
    if (isClean && this.#buffer !== undefined) buffers.releaseRead(this.#buffer)
    this.#buffer = undefined
    return buffers.shared
  }

  connected(): void {
    this.becomeReady()
  }

  protected becomeReady(): void {
    this.isReady = true
    this.deadline = Infinity
    this.exchange?.nodeReady()
  }

  received(bytes: Buffer, length: number): void {
    // Without a request it is not a response [RFC 9112 9.2].
    if (this.exchange !== undefined) return this.exchange.nodeSent(bytes, length)
    this.retire()
    if (!this.isIdle || timeoutNotice.test(bytes.toString('latin1', 0, Math.min(length, 12))))
      return
    this.noteExcess(this.rests)
  }

  drained(): void {
    this.exchange?.nodeDrained()
  }

  ended(): void {
    if (this.exchange === undefined) this.retire()
    else this.exchange.nodeEnded()
  }

  closed(error: Error | undefined): void {
    this.context.ticker.delete(this)
    if (this.isIdle) this.pool.remove(this)
    const exchange = this.exchange
    this.exchange = undefined
    exchange?.nodeClosed(this.failure(error))
    // Bytes of an exchange that was cut may still be on their way to the client.
    if (this.isIdle && this.#buffer !== undefined) this.context.buffers.releaseRead(this.#buffer)
  }

  /** Why the exchange fails when the connection is gone. */
  protected failure(cause: Error | undefined): TopspinError {
    return this.isReady ? closedError(cause) : (this.#late ?? connectError(cause))
  }

  /** Leaves the pool at once: until `closed` is called another request could lease the connection. */
  protected retire(): void {
    this.pool.remove(this)
    this.destroy()
  }

  failed(error: unknown): void {
    this.context.fault(error)
  }

  /** A busy node without another one beside it is waited for as for its answer, once it has accepted the connection. */
  #mayWait(exchange: ResponseReceiver, now: number): boolean {
    // Another connection may succeed where one has waited for long.
    if (this.isReused || this.connection.socket.connecting) return false
    return now - this.#attachedAt < exchange.silenceMs && exchange.isWithoutOther
  }

  expired(now: number): void {
    if (this.isIdle && !this.#isKept && this.keptMs > this.idleMs && this.pool.keepsIdle) {
      this.#isKept = true
      this.deadline = now + this.keptMs - this.idleMs
    } else if (this.isIdle || this.exchange === undefined) this.retire()
    else if (this.isReady) this.exchange.nodeTimedOut()
    else if (this.#mayWait(this.exchange, now)) this.deadline = now + this.pool.connectMs
    else {
      this.#late = lateError(this.connection.socket)
      this.connection.destroy()
    }
  }
}

/** The ends of the client's own connection. */
function endsOf({ address, port = 0, localAuthority }: RequestSource): ClientEnds {
  const destination = parseHostPort(localAuthority, 0) ?? { host: '', port: 0 }
  return { source: { host: address, port }, destination }
}
