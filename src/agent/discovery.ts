// The proxies that exist now: listed addresses, the addresses behind listed names, which are looked up periodically,
// and proxies that advertise themselves. Used by links.ts, which holds a link to each.

import { type Clock, systemClock } from '../base/clock.ts'
import type { Endpoint, HostPort } from '../base/host-port.ts'
import { advertiseLimits, agentLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { OutageLog } from '../base/outage-log.ts'
import { AddressLookup, type Resolver, systemResolver } from '../net/address-lookup.ts'
import { type Datagrams, openDatagrams } from '../net/datagram.ts'
import { readAdvertisement } from '../wire/advertise.ts'
import { AdvertisedProxies } from './advertised-proxies.ts'
import { isName, keyOf, type ProxyAddress } from './proxy-address.ts'

/** Where advertisements are received, after the checks of the options. */
export interface AdvertiseSettings {
  readonly group: HostPort
  readonly interface: string | undefined
  /** '' for none. */
  readonly key: string
  readonly requireMac: boolean
}

interface DiscoveryOptions {
  /** A name `_service._tcp.domain` means its SRV records, any other name all its addresses. */
  readonly listed: readonly Endpoint[]
  /** `undefined`: no advertisements are received. */
  readonly advertise: AdvertiseSettings | undefined
  /** Whether this node is registered with the proxy now. */
  isReached(proxy: Endpoint): boolean
  /** Called with all proxies whenever the list has changed. */
  changed(proxies: readonly ProxyAddress[]): void
  readonly log: Logger
  readonly clock?: Clock
  readonly resolver?: Resolver
}

/** The addresses behind one name. */
interface Named {
  readonly entry: Endpoint
  readonly lookup: AddressLookup
  /** When each was last among the results, monotonic ms; one result may contain only some of them. */
  readonly seen: Map<string, { readonly address: HostPort; at: number }>
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #clock: Clock
  readonly #named: readonly Named[]
  readonly #advertised: AdvertisedProxies
  readonly #outages: OutageLog
  #datagrams: Datagrams | undefined
  #timer: NodeJS.Timeout | undefined
  /** The keys of the last list. */
  #lastKeys = ''
  /** Datagrams by result. */
  readonly counts: Map<string, number> = new Map()

  constructor(options: DiscoveryOptions) {
    const { log, resolver = systemResolver } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#outages = new OutageLog(log)
    this.#advertised = new AdvertisedProxies(options.advertise?.requireMac ?? false)
    this.#named = options.listed
      .filter(({ host }) => isName(host))
      .map((entry) => ({
        entry,
        lookup: new AddressLookup([entry], resolver, log),
        seen: new Map(),
      }))
  }

  /** All proxies known now, without duplicates. */
  get proxies(): readonly ProxyAddress[] {
    const advertised = this.#advertised.proxies.map(
      (proxy): ProxyAddress => ({ ...proxy, isAdvertised: true }),
    )
    const byKey = new Map<string, ProxyAddress>()
    for (const proxy of [...this.#listed(), ...advertised]) {
      const key = keyOf(proxy)
      if (!byKey.has(key)) byKey.set(key, proxy)
    }
    return [...byKey.values()]
  }

  /** Resolves after the first look-up of all names; `changed` is called then and at every change. */
  async start(): Promise<void> {
    const { advertise } = this.#options
    if (advertise !== undefined) await this.#listen(advertise)
    await this.#refresh()
    if (advertise === undefined && this.#named.length === 0) return
    this.#timer = setInterval(() => void this.#refresh(), agentLimits.discoveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    void this.#datagrams?.close()
  }

  /** A datagram has arrived. Public for tests without a network. */
  receive(bytes: Buffer): void {
    const { advertise, log } = this.#options
    if (advertise === undefined) return
    const read = readAdvertisement(bytes, advertise.key)
    const isRead = typeof read !== 'string'
    const result = isRead
      ? this.#advertised.accept(read, this.#clock.now(), this.#clock.wall())
      : read
    this.counts.set(result, (this.counts.get(result) ?? 0) + 1)
    if (result === 'known') return
    if (isRead && (result === 'found' || result === 'leaving')) {
      const detail = { server: read.server, proxy: read.manager?.address }
      log.info(detail, result === 'found' ? 'proxy advertised' : 'advertised proxy leaves')
      return this.#notify()
    }
    const message = refusals.get(result) ?? 'advertisement refused'
    this.#outages.report(result, result, { reason: result }, message)
  }

  async #listen({ group, ...advertise }: AdvertiseSettings): Promise<void> {
    this.#datagrams = openDatagrams({
      to: [group],
      ...(advertise.interface === undefined ? {} : { interface: advertise.interface }),
      onDatagram: (bytes) => this.receive(bytes),
      log: this.#options.log,
    })
    await this.#datagrams.ready
  }

  async #refresh(): Promise<void> {
    const now = this.#clock.now()
    await Promise.all(this.#named.map(({ lookup }) => lookup.refresh()))
    for (const { lookup, seen } of this.#named) {
      for (const address of lookup.addresses()) seen.set(keyOf(address), { address, at: now })
      for (const [key, { at }] of seen) if (now - at > advertiseLimits.silentMs) seen.delete(key)
    }
    this.#advertised.forget(now, (proxy) => this.#options.isReached(proxy))
    this.#notify()
  }

  #listed(): ProxyAddress[] {
    return this.#options.listed.flatMap((entry): readonly ProxyAddress[] => {
      const named = this.#named.find((other) => other.entry === entry)
      if (named === undefined) return [entry]
      const found = [...named.seen.values()].map(({ address }) => ({
        ...address,
        ...(entry.tls === true ? { tls: true as const } : {}),
        name: entry.host,
      }))
      // Until its first result the name itself is connected to, so that its error is reported.
      return found.length > 0 || entry.host.startsWith('_') ? found : [entry]
    })
  }

  #notify(): void {
    const { proxies } = this
    const keys = proxies.map(keyOf).sort().join()
    if (keys === this.#lastKeys) return
    this.#lastKeys = keys
    this.#options.changed(proxies)
  }
}

/** Log messages for refused datagrams, each with the remedy. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['digest', 'advertisement refused: made with a key other than advertise.key'],
  ['seal', 'advertisement refused: changed on its way, or made with another key'],
  ['unsealed', 'advertisement refused: without the code that advertise.requireMac requires'],
  ['stale', 'advertisement refused: its date is far from this clock; compare the clocks'],
  ['replayed', 'advertisement refused: received before'],
  ['moved', 'advertisement refused: another address of a known proxy'],
  ['no-address', 'advertisement refused: no address that can be connected to'],
  ['full', `advertisement refused: more than ${advertiseLimits.foundMax} proxies advertise`],
])
