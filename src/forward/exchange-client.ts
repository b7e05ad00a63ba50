// The client of an exchange, as the stages see it: a connection of the proxy, or a request that a peer
// hands over. Whoever implements it owns the request's bytes and the order of the answers.

import type { ClientTls } from '../net/client-tls.ts'
import type { ForwardedFields } from '../wire/forwarded.ts'
import type { NodeConnection } from './node-connection.ts'
import type { Refusal } from './refusal.ts'

export interface ExchangeClient {
  /** Where the request came from, without port. */
  readonly address: string
  /** Whether its own claims about where it came from are believed. */
  readonly trusted: boolean
  readonly forwarded: ForwardedFields
  /** What is known of its TLS; `undefined`: it came without. */
  readonly tls: ClientTls | undefined
  /** Address and port that it came to. */
  readonly localAuthority: string
  /** Bytes of the answer that have not left yet. */
  readonly pending: number
  /** Sends bytes of the answer. @returns false when the client is slower; `Exchange.clientDrained` follows. */
  write(bytes: Uint8Array): boolean
  /** Sends an answer of the proxy's own. */
  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void
  /** A piece of the request's body has been sent on. */
  bodyProgress(): void
  /** No more of the request's body until `resumeBody`. */
  pauseBody(): void
  resumeBody(): void
  /** The exchange has settled; its answer is complete. */
  exchangeOver(closes: boolean): void
  /** The answer is broken off where the client can see it. @param byReset an end would look like the end of the answer. */
  cut(byReset: boolean): void
  /** Both connections become one. */
  becomeTunnel(node: NodeConnection): void
}
