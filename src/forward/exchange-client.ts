// The client of an exchange as the stages use it: a connection of the front proxy, or a request that a peer hands over.
// Its implementation owns the bytes of the request and the order of the responses.

import type { ForwardedLines } from '../wire/forwarded.ts'
import type { Fields } from '../wire/http/fields.ts'
import type { OutgoingResponse } from '../wire/http/outgoing-response.ts'
import type { LeasedConnection } from './node/node-context.ts'
import type { RequestSource } from './node/request-source.ts'
import type { Refusal } from './refusal.ts'
import type { HttpsRedirect } from './shared/https-redirect.ts'
import type { TunnelSide } from './shared/tunnel-side.ts'

/** What a client with a protocol of its own sends in frames of that protocol. */
export interface FramedClient {
  /**
   * Sends the head of an interim (1xx) response or of the final one.
   * @param isWhole there is neither body nor trailers.
   * @returns bytes of the head as they are sent.
   */
  answerHead(answer: OutgoingResponse, isWhole: boolean): number
  /** As `ExchangeClient.answerData`, with bytes[from..to). */
  answerPart(bytes: Buffer, from: number, to: number, isLast: boolean): boolean
  /** Ends the response. @param fields valid during the call, not filtered. */
  answerTrailers(fields: Fields): void
}

export interface ExchangeClient extends RequestSource {
  /** Whether its own claims about the request's origin are passed on. */
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  /** Responses have `Connection: close`: the connection is to carry no further request. */
  readonly isLast: boolean
  /** The mark of a hand-over in its head is our own. */
  readonly isMarked?: boolean | undefined
  /** Connections to nodes that are this client's alone; it closes them with its own. Set by the stages. */
  bound: Set<LeasedConnection> | undefined
  /** Bytes of the response that have not left yet. */
  readonly pending: number
  /**
   * Its protocol has frames for heads and bodies: bodies are passed as plain bytes, which the caller may overwrite. With
   * `undefined` heads and bodies are passed as the bytes of HTTP/1.1.
   */
  readonly framed: FramedClient | undefined
  /** Number of the listener (`RequestTimes.listener`). Default 0. */
  readonly listener?: number
  /** Of its listener: where a request without TLS is redirected to. */
  readonly httpsRedirect?: HttpsRedirect | undefined
  /** Its protocol, when that is not HTTP/1. */
  readonly protocol?: 'HTTP/2.0' | undefined
  /** The request is a call of gRPC: either side may be silent as long as it lasts. Only with frames of its own. */
  readonly isGrpc?: boolean | undefined
  /** The client has sent `te: trailers` [RFC 9113 8.2.2]. Only with frames of its own. */
  readonly acceptsTrailers?: boolean | undefined
  /**
   * Sends bytes of the response. @param isLast they are the last, and no trailers follow.
   * @returns false when the client reads slower; `Exchange.clientDrained` follows.
   */
  answerData(bytes: Uint8Array, isLast: boolean): boolean
  /** Sends a response of the proxy itself and continues as after `exchangeOver`: the exchange has settled. */
  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void
  /** A piece of the request's body has been sent to the node. */
  bodyProgress(): void
  /** Stops reading the request's body until `resumeBody`. */
  pauseBody(): void
  resumeBody(): void
  /** The exchange has settled; its response from the node is complete. @param closes the connection is to end. */
  exchangeOver(closes: boolean): void
  /** Breaks the response off so that the client can see it. @param byReset an end would look like the end of the response. */
  cut(byReset: boolean): void
  /** Passes bytes both ways from now on; when both connections have closed, `Exchange.tunnelClosed` is called. */
  becomeTunnel(node: TunnelSide): void
}
