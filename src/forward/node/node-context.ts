// Between exchanges and nodes, as interfaces: what pools and connections need of the process, of their pool, and of the
// exchange that receives a response; and what an exchange needs of a connection.

import type { Clock } from '../../base/clock.ts'
import type { TopspinError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { NodeLive } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import type { ProcessShare } from '../../cluster/process-share.ts'
import type { NodeLookup } from '../../net/checked-lookup.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import type { Ticker, Timed } from '../../net/ticker.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { ProxyVersion } from '../../wire/proxy-protocol/header.ts'
import type { Buffers } from '../shared/buffers.ts'
import type { Http2Shared } from '../shared/http2-shared.ts'
import type { ProxySettings } from '../shared/settings.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { AjpShared } from './ajp-shared.ts'
import type { RequestSource } from './request-source.ts'

/** What follows from the settings; a reload replaces it. */
export interface DerivedContext {
  /** `undefined` in a process whose nodes never speak AJP. */
  readonly ajp: AjpShared | undefined
  /** Connections to nodes at a time, idle ones included. */
  readonly connectionsMax: number
  readonly lookupOf: NodeLookup
  /** Whether this is the address of a trusted proxy. */
  readonly isTrusted: (address: string) => boolean
}

/** Shared by all connections to nodes. */
export interface NodeContext extends DerivedContext {
  readonly settings: Pick<ProxySettings, 'timeouts' | 'poolIdleMs' | 'poolIdleMax' | 'sendProxy'>
  readonly clock: Clock
  readonly log: Logger
  readonly ticker: Ticker
  readonly buffers: Buffers
  readonly http2: Http2Shared
  /** Of this process, in limits of nodes that processes share. */
  share: ProcessShare
  /** The live numbers of a node. */
  readonly liveOf: (id: number) => NodeLive
  /** Records that our own code threw; the connection at work has been cut. */
  fault(error: unknown): void
}

/** The pool of a connection `C`. */
export interface ConnectionPool<C> {
  readonly node: Node
  readonly context: NodeContext
  /** Certificates and checks of TLS connections that are opened from now on. */
  readonly nodeTls: NodeTls
  /** Deadline for connecting, ms. */
  readonly connectMs: number
  /** How long a connection may be idle, ms. */
  readonly idleMs: number
  /** Connections begin with a PROXY header of this version, and each serves one client. */
  readonly proxyVersion: ProxyVersion | undefined
  /** Whether an idle connection stays open when its time is over. */
  readonly keepsIdle: boolean
  /** The connection may carry another request. */
  release(connection: C): void
  /** An idle connection has ended. */
  remove(connection: C): void
  /**
   * The node has sent bytes behind a complete response. Connections are not used again after such responses from now on.
   * @param behindEmpty the response had no body; else no connection is used again after any response.
   */
  receivedExcess(behindEmpty: boolean): void
  /** A connection is being opened. */
  opened(): void
  /** Its descriptor is free again. */
  closed(): void
}

/** Where exchanges lease connections: the pools. */
export interface ConnectionSource {
  /**
   * @param fresh lease no connection that has been idle: the node may be about to close it.
   * @param client the one for whose request it is.
   * @param alone the request needs a connection for itself: it upgrades, or logs in on it.
   * @returns `undefined` when this process may open no more connections.
   */
  lease(
    node: Node,
    fresh: boolean,
    client: RequestSource,
    alone: boolean,
  ): LeasedConnection | undefined
}

/** A connection to a node, as an exchange uses it. */
export interface LeasedConnection extends Timed {
  readonly node: Node
  /** It waits for another request. */
  readonly isIdle: boolean
  /** A request can be sent. */
  readonly isReady: boolean
  /** It began with a PROXY header, so it serves the client that the header names alone. */
  readonly isForOneClient: boolean
  /** For a client that accepts trailers, `nodeEnded` follows any body, also one with a length. Default false. */
  readonly hasTrailers?: boolean
  /** A client has logged in on it, and has to reach the same node again. */
  isLoggedIn: boolean
  /** It has carried a complete exchange before. */
  readonly isReused: boolean
  /** Bytes of the request that have not left yet. */
  readonly pending: number
  /** Begins the lease. */
  attach(exchange: ResponseReceiver): void
  /**
   * Sends bytes of the request, which must not change until they have left.
   * @returns true when they have left; otherwise `nodeDrained` of the exchange follows.
   */
  write(bytes: Buffer): boolean
  /** Reads no more of the response until `resume`. */
  pause(): void
  resume(): void
  /** The node has agreed to an upgrade: what it sends goes to the receiver of the result from now on. */
  becomeTunnel(): TunnelSide
  /** Leaves the bytes that were read to a client that is still being sent them, and reads on into another buffer. */
  detachBuffer(): void
  /** @param field value of Keep-Alive in a response: when the node closes idle connections. */
  noteKeepAlive(field: string): void
  /** Bytes have arrived together with the end of a response, behind it. @param behindEmpty the response has no body. */
  noteExcess(behindEmpty: boolean): void
  /**
   * Ends the lease: the response is complete. The connection goes back to the pool, unless
   * @param reusable is false, or bytes of the request have not left: they must not precede the next request.
   * @param rests the response has no body; one that the node sends nevertheless may still arrive, so the connection rests for a moment.
   */
  release(reusable: boolean, rests: boolean): void
  /**
   * From now on it serves one client's connection alone, and waits for that between two requests.
   * @param bound the connections of that client, from which it removes itself when it closes.
   */
  bindTo(bound: Set<LeasedConnection>): void
  /** Begins another lease of an idle connection that is bound. @returns false when it had to be closed instead. */
  reuse(): boolean
  /** Closes it when no exchange has it. */
  close(): void
  /**
   * Ends the lease, whose exchange is not complete: the connection is reset, which leaves no TIME_WAIT here. Clients that
   * abort many requests would use up the local ports.
   */
  abort(): void
}

/** The exchange that has leased a connection. */
export interface ResponseReceiver {
  /** Where the request came from. */
  readonly source: RequestSource
  /** The client accepts trailers [RFC 9110 10.1.4]. */
  readonly acceptsTrailers: boolean
  /** The response has no body, because the request's method is HEAD. */
  readonly isHead: boolean
  /** The request asks for a WebSocket: the Sec-WebSocket-Accept by which the node agrees. */
  readonly websocketAccept?: string | undefined
  /** Bytes that are read from now on are sent to the client from the buffer that they were read into. */
  readonly relaysBody: boolean
  /** Deadline for connecting in place of that of the node, ms; `undefined` for none. */
  readonly connectMs: number | undefined
  /** How long the node may stay silent now, ms. */
  readonly silenceMs: number
  /** No other node could take the request, which a peer would serve itself. */
  readonly isWithoutOther: boolean
  /** A request can be sent. */
  nodeReady(): void
  /** bytes[0..length) of the response have arrived; they are overwritten after the call. */
  nodeSent(bytes: Buffer, length: number): void
  /** All that was written has left. */
  nodeDrained(): void
  /** The node waits for the request's body, and the client may wait for a 100 (Continue) [RFC 9110 10.1.1]. */
  nodeAwaitsBody(): void
  /** The received bytes are not a response. @param reason for the log. */
  nodeMalformed(reason: string): void
  /** The node sends no more. @param trailers of the response; valid during the call, not filtered. */
  nodeEnded(trailers?: Fields): void
  /** The connection is gone. */
  nodeClosed(error: TopspinError): void
  /** The deadline has passed. */
  nodeTimedOut(): void
}
