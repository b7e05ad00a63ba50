// The decisions that a client's connection leaves to its owner. The front proxy forwards every request; a peer leaves
// some requests to its own HTTP server (peer/raw/shared-connection.ts).

import type { Exchange } from '../exchange.ts'
import type { Refusal } from '../refusal.ts'
import type { HttpsRedirect } from '../shared/https-redirect.ts'
import type { ProxySettings, Timeouts } from '../shared/settings.ts'
import type { Traffic } from '../traffic/traffic.ts'
import type { PaceLimits } from './body-pace.ts'

export interface ClientRules {
  /** Number of the listener (`RequestTimes.listener`). */
  readonly listener: number
  /** Responses have `Connection: close`. */
  readonly closes: boolean
  readonly timeouts: Pick<Timeouts, 'headMs' | 'idleMs'>
  /** Whether a client that has ended its side after its request still gets the rest of its answers. */
  readonly allowsHalfOpen: boolean
  /** Whether clients may speak HTTP/2: chosen by ALPN, or in the clear with its preface. */
  readonly acceptsHttp2: boolean
  /** Requests without TLS are redirected to HTTPS. */
  readonly httpsRedirect?: HttpsRedirect | undefined
  /** How fast the body of a request must arrive. */
  readonly bodyPace: PaceLimits
  /**
   * A request has arrived: its head is bytes[from..bodyFrom), parsed into `exchange.head`.
   * @returns the offset after the bytes that belong to the request.
   */
  accept(exchange: Exchange, bytes: Buffer, from: number, bodyFrom: number, end: number): number
  /** bytes[from..end) is not a valid request. @returns false to have it refused. */
  acceptInvalid(bytes: Buffer, from: number, end: number): boolean
  /** The head of a request has not arrived in time. @returns false to have it refused. */
  acceptLate(): boolean
  /** A request failed at all nodes. @returns false to have it refused. */
  acceptRefused(exchange: Exchange, refusal: Refusal): boolean
  /** bytes[0..to) of the present request's body have been sent to the node. */
  bodySent(exchange: Exchange, bytes: Buffer, to: number): void
  /** bytes[0..length) arrived in the state `away`. */
  receivedAway(bytes: Buffer, length: number): void
  /** The connection is about to become a tunnel. */
  upgrading(): void
  /** A request has been answered, and the next one has not been read yet. */
  becameIdle(): void
}

/** What one listener has in place of the settings. */
export interface ListenerRules {
  /** Whether clients may speak HTTP/2 here. Default: as the option `http2` of the proxy says. */
  readonly http2?: boolean | undefined
  /** Where requests without TLS are redirected to; `null`: they are served. Default: as `httpsRedirect` of the proxy says. */
  readonly httpsRedirect?: HttpsRedirect | null | undefined
}

/** The front proxy's: every request is forwarded, and every failure is answered by the proxy. One object for a listener. */
export class ProxyRules implements ClientRules {
  closes = false
  listener = 0
  timeouts: Timeouts
  bodyPace: PaceLimits
  allowsHalfOpen: boolean
  acceptsHttp2: boolean
  httpsRedirect: HttpsRedirect | undefined

  constructor({ settings }: Traffic) {
    const { timeouts, bodyPace, allowsHalfOpen, acceptsHttp2, httpsRedirect } = rulesOf(settings)
    this.acceptsHttp2 = acceptsHttp2
    this.httpsRedirect = httpsRedirect
    this.timeouts = timeouts
    this.bodyPace = bodyPace
    this.allowsHalfOpen = allowsHalfOpen
  }

  /** Other settings are in force from now on. @param own of the listener, where they differ. */
  replace(settings: ProxySettings, own: ListenerRules = {}): void {
    const { http2 = settings.http2 } = own
    const httpsRedirect =
      own.httpsRedirect === undefined ? settings.httpsRedirect : (own.httpsRedirect ?? undefined)
    Object.assign(this, rulesOf({ ...settings, http2, httpsRedirect }))
  }

  accept(exchange: Exchange, bytes: Buffer, _from: number, bodyFrom: number, end: number): number {
    return exchange.forward(bytes, bodyFrom, end)
  }

  acceptInvalid(): boolean {
    return false
  }

  acceptLate(): boolean {
    return false
  }

  acceptRefused(): boolean {
    return false
  }

  bodySent(): void {}

  receivedAway(): void {}

  upgrading(): void {}

  becameIdle(): void {}
}

function rulesOf({
  timeouts,
  bodyMinRate,
  allowHalfOpen,
  http2,
  httpsRedirect,
}: ProxySettings): Pick<
  ProxyRules,
  'timeouts' | 'bodyPace' | 'allowsHalfOpen' | 'acceptsHttp2' | 'httpsRedirect'
> {
  const { bodyMs, requestMs } = timeouts
  const bodyPace = { pauseMs: bodyMs, minRate: bodyMinRate, wholeMs: requestMs }
  return { timeouts, bodyPace, allowsHalfOpen: allowHalfOpen, acceptsHttp2: http2, httpsRedirect }
}
