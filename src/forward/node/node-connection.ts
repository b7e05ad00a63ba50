// One connection to a node: dialled, lent to an exchange, given back, closed. It knows nothing of
// HTTP; the exchange that holds it does. One that speaks AJP instead: ajp-connection.ts.

import { TopspinError } from '../../base/errors.ts'
import { isSecure } from '../../cluster/node.ts'
import { isShortage, tlsProblem } from '../../net/connect-problem.ts'
import { Connection, type DialReceiver } from '../../net/connection.ts'
import { SecureConnection } from '../../net/secure-connection.ts'
import type { Timed } from '../../net/ticker.ts'
import type { Exchange } from '../exchange.ts'
import type { Pool } from './pools.ts'

export class NodeConnection implements DialReceiver, Timed {
  readonly pool: Pool
  readonly connection: Connection
  deadline: number = Number.POSITIVE_INFINITY
  /** A request can be sent: the connection is established and, over AJP, the node has answered the CPING. */
  isReady = false
  isIdle = false
  /** Exchanges that were answered on it. */
  served = 0
  /** How long it may be idle, ms; what the node announces by Keep-Alive, less a margin, if that is shorter. */
  idleMs: number
  /** The same while it is one of the `smax` that the pool keeps. */
  keptMs: number
  protected exchange: Exchange | undefined
  /** Its time to live is over, and it is one of those that stay all the same. */
  #isKept = false
  /** Among the open ones: from the dial until its descriptor is free. */
  #isCounted = true
  #buffer: Buffer | undefined

  constructor(pool: Pool) {
    this.pool = pool
    const { traffic, node } = pool
    this.idleMs = pool.idleMs
    this.keptMs = traffic.settings.poolIdleMs
    const host = bare(node.host)
    this.connection = isSecure(node)
      ? SecureConnection.dialSecure(host, node.port, traffic.nodeTls, this)
      : Connection.dial(host, node.port, this)
    traffic.ticker.add(this)
    traffic.pools.open++
    // A tunnel takes the connection over, so it is the socket that tells.
    this.connection.socket.once('close', () => this.#leave())
  }

  #leave(): void {
    if (this.#isCounted) this.pool.traffic.pools.open--
    this.#isCounted = false
  }

  get isReused(): boolean {
    return this.served > 0
  }

  /** Lends the connection to an exchange. */
  attach(exchange: Exchange): void {
    this.exchange = exchange
    const { pool } = this
    this.deadline = this.isReady ? Infinity : pool.traffic.ticker.now + pool.connectMs
  }

  /** A node that closes idle connections early says so; we close first, by a margin of a second. */
  noteKeepAlive(field: string): void {
    const seconds = /\btimeout=(\d{1,6})\b/i.exec(field)?.[1]
    if (seconds !== undefined) {
      const ms = Math.max(500, Number(seconds) * 1_000 - 1_000)
      this.idleMs = Math.min(this.idleMs, ms)
      this.keptMs = Math.min(this.keptMs, ms)
    }
  }

  /**
   * Sends bytes of the request, which must stay as they are until they have left.
   * @returns true when they have; otherwise `Exchange.nodeDrained` will be called.
   */
  write(bytes: Buffer): boolean {
    return this.connection.write(bytes)
  }

  /** Bytes of the request that have not left yet. */
  get pending(): number {
    return this.connection.pending
  }

  /** No more of the answer until `resume`. */
  pause(): void {
    this.connection.pause()
  }

  resume(): void {
    this.connection.resume()
  }

  /** The exchange is over and the connection clean: for the next one. */
  giveBack(): void {
    this.exchange = undefined
    this.#isKept = false
    this.served++
    this.deadline = this.pool.traffic.ticker.now + this.idleMs
    this.connection.resume()
    this.pool.giveBack(this)
  }

  /** The exchange is over; the connection is not to be used again. */
  destroy(): void {
    this.exchange = undefined
    this.deadline = Infinity
    if (this.isIdle) this.connection.close()
    else this.connection.destroy()
    this.#leave()
  }

  /** The buffer that was read into is still being sent from: read into another one. */
  leaveBuffer(): void {
    this.#buffer = undefined
  }

  /**
   * The head of an answer, with what comes behind it, is worked on at once, so all connections read it into one
   * buffer. The rest of a body is sent on from where it was read: that needs a buffer of its own.
   */
  nextBuffer(): Buffer {
    const { exchange } = this
    const { buffers } = this.pool.traffic
    if (exchange?.answered === true && !exchange.responseBody.done) {
      this.#buffer ??= buffers.leaseRead()
      return this.#buffer
    }
    // A connection that was destroyed in the middle of an answer may have left bytes in it that are still being sent.
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
    // Nobody asked: whatever it is, it is no answer [RFC 9112 9.2].
    if (this.exchange === undefined) this.retire()
    else this.exchange.nodeSent(bytes, length)
  }

  drained(): void {
    this.exchange?.nodeDrained()
  }

  ended(): void {
    if (this.exchange === undefined) this.retire()
    else this.exchange.nodeEnded()
  }

  closed(error: Error | undefined): void {
    this.pool.traffic.ticker.delete(this)
    if (this.isIdle) this.pool.remove(this)
    const exchange = this.exchange
    this.exchange = undefined
    exchange?.nodeClosed(this.failure(error))
    // What an exchange leaves behind may still be on its way to the client.
    if (this.isIdle && this.#buffer !== undefined) {
      this.pool.traffic.buffers.releaseRead(this.#buffer)
    }
  }

  /** What it means for an exchange that the connection is gone. */
  protected failure(cause: Error | undefined): TopspinError {
    return this.isReady ? lost(cause) : refused(cause)
  }

  /** Out of the pool at once: until `closed` is called another request could still be lent this connection. */
  protected retire(): void {
    this.pool.remove(this)
    this.destroy()
  }

  failed(error: unknown): void {
    this.pool.traffic.fault(error)
  }

  expired(now: number): void {
    if (this.isIdle && !this.#isKept && this.keptMs > this.idleMs && this.pool.keeps) {
      this.#isKept = true
      this.deadline = now + this.keptMs - this.idleMs
    } else if (this.isIdle || this.exchange === undefined) this.retire()
    else if (this.isReady) this.exchange.nodeTimedOut()
    else this.connection.destroy()
  }
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

function refused(cause: Error | undefined): TopspinError {
  if (isShortage(cause)) return noRoom(cause)
  const text =
    tlsProblem(cause, 'nodeTls') ?? cause?.message ?? 'the connection could not be made in time'
  return new TopspinError('NODE_CONNECT', text, {
    side: 'node',
    phase: 'connect',
    retry: 'safe',
    cause,
  })
}

function noRoom(cause: Error | undefined): TopspinError {
  return new TopspinError('SHORTAGE', 'no connection to a node can be opened', {
    side: 'proxy',
    phase: 'connect',
    retry: 'never',
    cause,
  })
}

function lost(cause: Error | undefined): TopspinError {
  const text = tlsProblem(cause, 'nodeTls') ?? cause?.message ?? 'the node closed the connection'
  return new TopspinError('NODE_CLOSED', text, {
    side: 'node',
    phase: 'head',
    retry: 'if-idempotent',
    cause,
  })
}
