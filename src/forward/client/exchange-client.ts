// The client of an exchange, as the stages see it: a connection of the proxy, or a request that a peer
// hands over. Whoever implements it owns the request's bytes and the order of the answers.

import type { Connection } from '../../net/connection.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import type { Refusal } from '../stages/refusal.ts'

/** What the TLS of a client's own connection has shown. */
export interface ClientTls {
  /** For example `TLSv1.3`. */
  readonly protocol: string
  /** OpenSSL's name of the cipher suite. */
  readonly cipher: string
  /** Bits of the cipher's key. */
  readonly keySize?: number | undefined
  /** Id of the session, hexadecimal. */
  readonly session?: string | undefined
  /** The client's certificate that was verified, with the chain behind it, PEM. */
  readonly certificate?: string | undefined
}

export interface ExchangeClient {
  /** Where the request came from, without port. */
  readonly address: string
  /** Port that its connection comes from; absent when it is not known. */
  readonly port?: number | undefined
  /** Absent when it came without TLS. */
  readonly tls?: ClientTls | undefined
  /** Whether its own claims about where it came from are believed. */
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  /** Address and port that it came to. */
  readonly localAuthority: string
  /** Bytes of the answer that have not left yet. */
  readonly pending: number
  /** Sends bytes of the answer. @returns false when the client is slower; `Exchange.clientDrained` follows. */
  write(bytes: Uint8Array): boolean
  /** Sends an answer of the proxy's own, and goes on as after `exchangeOver`: the exchange has settled. */
  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void
  /** A piece of the request's body has been sent on. */
  bodyProgress(): void
  /** No more of the request's body until `resumeBody`. */
  pauseBody(): void
  resumeBody(): void
  /** The exchange has settled; its answer from the node is complete. */
  exchangeOver(closes: boolean): void
  /** The answer is broken off where the client can see it. @param byReset an end would look like the end of the answer. */
  cut(byReset: boolean): void
  /** Bytes pass both ways from now on; when both connections are closed, `Exchange.tunnelClosed` is called. */
  becomeTunnel(node: Connection): void
}
