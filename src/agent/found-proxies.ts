// The proxies that have told of themselves by datagram: who counts, and who is forgotten. Pure: datagrams
// that were read, and the clocks, come in (mcmp.md decision 59). Called by discovery.ts.

import { type Endpoint, parseHostPort } from '../base/host-port.ts'
import { advertiseLimits } from '../base/limits.ts'
import { isWildcard } from '../net/address.ts'
import type { Received } from '../wire/advertise.ts'
import { controlPort } from './control-port.ts'

/** What became of a datagram. */
export type Heard =
  | 'found'
  | 'known'
  /** It says goodbye: a hint, for anybody may say so who has the key. */
  | 'leaving'
  /** Its date is too far from this machine's clock. */
  | 'stale'
  /** Not newer than one that was heard before. */
  | 'replayed'
  /** Without our own code where that is asked for, or was there before. */
  | 'unsealed'
  /** A known proxy with another address, which it gets by a new start only. */
  | 'moved'
  /** Its address is none that can be connected to. */
  | 'no-address'
  /** More proxies than can be remembered. */
  | 'full'

interface Found {
  readonly proxy: Endpoint
  readonly address: string
  sealed: boolean
  sequence: number
  heardAt: number
  leaving: boolean
}

export interface FoundOptions {
  /** Only datagrams with our own code count; httpd sends none. */
  readonly requireSeal: boolean
}

export class FoundProxies {
  readonly #requireSeal: boolean
  readonly #byServer: Map<string, Found> = new Map()

  constructor(options: FoundOptions) {
    this.#requireSeal = options.requireSeal
  }

  get proxies(): readonly Endpoint[] {
    return [...this.#byServer.values()].map(({ proxy }) => proxy)
  }

  /** @param now monotonic ms; @param wall ms since 1970. */
  heard(received: Received, now: number, wall: number): Heard {
    if (Math.abs(received.time - wall) > advertiseLimits.skewMs) return 'stale'
    const found = this.#byServer.get(received.server)
    if (!received.sealed && (this.#requireSeal || found?.sealed === true)) return 'unsealed'
    if (found === undefined) return this.#find(received, now)
    if (received.sequence <= found.sequence) return 'replayed'
    if (received.manager !== undefined && received.manager.address !== found.address) return 'moved'
    found.sealed = received.sealed
    found.sequence = received.sequence
    found.leaving = received.manager === undefined
    if (!found.leaving) found.heardAt = now
    return found.leaving ? 'leaving' : 'known'
  }

  #find({ manager, sealed, sequence, server }: Received, now: number): Heard {
    if (manager === undefined) return 'leaving'
    const place = parseHostPort(manager.address, controlPort)
    if (place === undefined || isWildcard(place.host)) return 'no-address'
    if (this.#byServer.size >= advertiseLimits.foundMax) return 'full'
    const { address, protocol } = manager
    const proxy: Endpoint = protocol === 'https' ? { ...place, tls: true } : place
    this.#byServer.set(server, { proxy, address, sealed, sequence, heardAt: now, leaving: false })
    return 'found'
  }

  /**
   * Forgets those that have said goodbye or fallen silent. One that can be reached stays: datagrams get
   * lost, and anybody who has heard one can send it again.
   * @returns whether there were any.
   */
  forget(now: number, isReached: (proxy: Endpoint) => boolean): boolean {
    let any = false
    for (const [server, found] of this.#byServer) {
      const isSilent = now - found.heardAt > advertiseLimits.silentMs
      if ((!found.leaving && !isSilent) || isReached(found.proxy)) continue
      this.#byServer.delete(server)
      any = true
    }
    return any
  }
}
