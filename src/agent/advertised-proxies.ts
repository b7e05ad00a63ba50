// The proxies that advertise themselves by datagrams: which datagrams are accepted, and when a proxy is forgotten
// (mcmp.md decision 59). Pure; used by discovery.ts.

import { controlPort, type Endpoint, parseHostPort } from '../base/host-port.ts'
import { advertiseLimits } from '../base/limits.ts'
import { isWildcard } from '../net/address.ts'
import type { Received } from '../wire/advertise.ts'

/** The result of a datagram. */
type Advertised =
  /** A new proxy. */
  | 'found'
  /** A further datagram of a known proxy. */
  | 'known'
  /** The proxy announces that it leaves. This is a hint: every holder of the key can send it. */
  | 'leaving'
  /** Refused: its date is too far from this machine's clock. */
  | 'stale'
  /** Refused: not newer than an earlier one. */
  | 'replayed'
  /** Refused: without Topspin's code, although it is required or was there before. */
  | 'unsealed'
  /** Refused: another address of a known proxy, which only a restart can change. */
  | 'moved'
  /** Refused: not an address that can be connected to. */
  | 'no-address'
  /** Refused: the limit of proxies is reached. */
  | 'full'

interface Known {
  readonly proxy: Endpoint
  readonly address: string
  sealed: boolean
  sequence: number
  receivedAt: number
  leaving: boolean
}

export class AdvertisedProxies {
  readonly #requiresSeal: boolean
  readonly #byServer: Map<string, Known> = new Map()

  /** @param requiresSeal whether only datagrams with Topspin's code are accepted; httpd sends none. */
  constructor(requiresSeal: boolean) {
    this.#requiresSeal = requiresSeal
  }

  get proxies(): readonly Endpoint[] {
    return [...this.#byServer.values()].map(({ proxy }) => proxy)
  }

  /** @param now monotonic ms. @param wall ms since 1970. */
  accept(received: Received, now: number, wall: number): Advertised {
    if (Math.abs(received.time - wall) > advertiseLimits.skewMs) return 'stale'
    const known = this.#byServer.get(received.server)
    if (!received.sealed && (this.#requiresSeal || known?.sealed === true)) return 'unsealed'
    if (known === undefined) return this.#add(received, now)
    if (received.sequence <= known.sequence) return 'replayed'
    if (received.manager !== undefined && received.manager.address !== known.address) return 'moved'
    known.sealed = received.sealed
    known.sequence = received.sequence
    known.leaving = received.manager === undefined
    if (!known.leaving) known.receivedAt = now
    return known.leaving ? 'leaving' : 'known'
  }

  #add({ manager, sealed, sequence, server }: Received, now: number): Advertised {
    if (manager === undefined) return 'leaving'
    const at = parseHostPort(manager.address, controlPort)
    if (at === undefined || isWildcard(at.host)) return 'no-address'
    if (this.#byServer.size >= advertiseLimits.foundMax) return 'full'
    const { address, protocol } = manager
    const proxy: Endpoint = protocol === 'https' ? { ...at, tls: true } : at
    const known = { proxy, address, sealed, sequence, receivedAt: now, leaving: false }
    this.#byServer.set(server, known)
    return 'found'
  }

  /**
   * Forgets proxies that leave or are silent, unless they are reached: datagrams get lost, and every program that has
   * received one can send it again.
   */
  forget(now: number, isReached: (proxy: Endpoint) => boolean): void {
    for (const [server, known] of this.#byServer) {
      const isSilent = now - known.receivedAt > advertiseLimits.silentMs
      if ((known.leaving || isSilent) && !isReached(known.proxy)) this.#byServer.delete(server)
    }
  }
}
