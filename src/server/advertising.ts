// Advertises the proxy by multicast, as the configuration says. Used by start-serving.ts.

import { isDeepStrictEqual } from 'node:util'
import type { Endpoint, HostPort } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import type { Config } from '../config/schema.ts'
import { type Advertiser, type AdvertiserIdentity, startAdvertiser } from '../control/advertiser.ts'
import { outsideAddress, ownInterface } from '../net/own-interface.ts'

export class Advertising {
  readonly #log: Logger
  #advertiser: Advertiser | undefined
  /** What the advertiser was started with. */
  #present: unknown

  constructor(log: Logger) {
    this.#log = log
  }

  /**
   * Begins to advertise as the configuration says, goes on with other values, or stops.
   * @param bound the address of the control listener.
   * @param identity of another process that this one continues.
   * @throws RangeError for an address that does not fit into a datagram; then nothing changes.
   */
  use({ advertise }: Config, bound: Endpoint, identity?: AdvertiserIdentity): void {
    const present = { advertise, bound }
    if (isDeepStrictEqual(present, this.#present)) return
    const before = this.#advertiser
    this.#advertiser = this.#start(advertise, bound, identity ?? before?.identity)
    this.#present = present
    if (this.#advertiser === undefined) void before?.close()
    else void before?.stop()
  }

  /** Advertises that the proxy is about to leave. */
  drain(): void {
    this.#advertiser?.drain()
  }

  /** Advertises that the proxy is gone. */
  async close(): Promise<void> {
    await this.#advertiser?.close()
  }

  /** Sends nothing more. @returns what another process needs to continue; undefined when nothing was advertised. */
  async stop(): Promise<AdvertiserIdentity | undefined> {
    const advertiser = this.#advertiser
    this.#advertiser = undefined
    this.#present = undefined
    await advertiser?.stop()
    return advertiser?.identity
  }

  #start(
    advertise: Config['advertise'],
    bound: Endpoint,
    identity: AdvertiserIdentity | undefined,
  ): Advertiser | undefined {
    const { group, key, every, ttl } = advertise
    if (group === undefined) return undefined
    const address = advertise.address ?? {
      host: reachable(bound, advertise.interface),
      port: bound.port,
    }
    if (key === undefined)
      this.#log.warn(
        {},
        'advertise.key is not set: any machine on the network can advertise another proxy to the nodes',
      )
    this.#log.info({ group, address }, 'advertising')
    return startAdvertiser({
      group,
      address,
      interface: advertise.interface,
      ttl,
      key: key ?? '',
      everyMs: every,
      protocol: bound.tls === true ? 'https' : 'http',
      identity,
      log: this.#log,
    })
  }
}

/** The host; for a wildcard the address of the interface that sends the datagrams. */
function reachable({ host }: HostPort, which: string | undefined): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const own = which === undefined ? undefined : ownInterface(which)?.v4
  return own ?? outsideAddress() ?? '127.0.0.1'
}
