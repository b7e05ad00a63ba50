// Which proxies there are: those that are listed, the addresses behind listed names, asked again and again,
// and those that tell of themselves by datagram. Called by membership.ts, which holds a link to each.

import { type Clock, systemClock } from '../base/clock.ts'
import { Complaints } from '../base/complaints.ts'
import type { Endpoint, HostPort } from '../base/host-port.ts'
import { advertiseLimits, agentLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { AddressLookup, type Resolver, systemResolver } from '../net/address-lookup.ts'
import { type Datagrams, openDatagrams } from '../net/datagram.ts'
import { readAdvertisement } from '../wire/advertise.ts'
import { FoundProxies } from './found-proxies.ts'
import { isName } from './is-name.ts'

/** A proxy to hold a link to. */
export interface ProxyAddress extends Endpoint {
  /** The name that it was found by, and that its certificate carries. */
  readonly name?: string
  /** Known by its datagrams alone, which anybody on the network can send. */
  readonly isHeard?: true
}

/** Where proxies are listened for, after the checks. */
export interface AdvertiseSettings {
  readonly group: HostPort
  readonly interface: string | undefined
  /** '' when none. */
  readonly key: string
  readonly requireMac: boolean
}

export interface DiscoveryOptions {
  /** A name `_service._tcp.domain` stands for its SRV records, any other for all its addresses. */
  readonly listed: readonly Endpoint[]
  /** undefined: nothing is listened for. */
  readonly advertise: AdvertiseSettings | undefined
  /** Whether this node is registered there now. */
  isReached(proxy: Endpoint): boolean
  /** Called with all of them when there are more, fewer or others. */
  changed(proxies: readonly ProxyAddress[]): void
  readonly log: Logger
  readonly clock?: Clock
  readonly resolver?: Resolver
}

/** The addresses behind one name. */
interface Named {
  readonly entry: Endpoint
  readonly lookup: AddressLookup
  /** When each was last among the answers, monotonic ms; an answer may name only some. */
  readonly seen: Map<string, { readonly address: HostPort; at: number }>
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #clock: Clock
  readonly #named: readonly Named[]
  readonly #found: FoundProxies
  readonly #complaints: Complaints
  #datagrams: Datagrams | undefined
  #timer: NodeJS.Timeout | undefined
  #told = ''
  /** Datagrams by what became of them. */
  readonly counts: Map<string, number> = new Map()

  constructor(options: DiscoveryOptions) {
    const { log, resolver = systemResolver } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#complaints = new Complaints(log)
    this.#found = new FoundProxies({ requireSeal: options.advertise?.requireMac ?? false })
    this.#named = options.listed
      .filter(({ host }) => isName(host))
      .map((entry) => ({
        entry,
        lookup: new AddressLookup([entry], resolver, log),
        seen: new Map(),
      }))
  }

  /** All that are known now, each once. */
  get proxies(): readonly ProxyAddress[] {
    const all = new Map<string, ProxyAddress>()
    const heard = this.#found.proxies.map((proxy) => ({ ...proxy, isHeard: true as const }))
    for (const proxy of [...this.#listed(), ...heard]) {
      const key = keyOf(proxy)
      if (!all.has(key)) all.set(key, proxy)
    }
    return [...all.values()]
  }

  /** Settled when names were asked for once; then, and whenever something changes, `changed` is called. */
  async start(): Promise<void> {
    const { advertise, log } = this.#options
    if (advertise !== undefined) {
      const { group } = advertise
      this.#datagrams = openDatagrams({
        to: [group],
        ...(advertise.interface === undefined ? {} : { interface: advertise.interface }),
        onDatagram: (bytes) => this.heard(bytes),
        log,
      })
      await this.#datagrams.ready
    }
    await this.#tick()
    if (advertise === undefined && this.#named.length === 0) return
    this.#timer = setInterval(() => void this.#tick(), agentLimits.discoveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    void this.#datagrams?.close()
  }

  /** Public for tests without a network. */
  heard(bytes: Buffer): void {
    const { advertise, log } = this.#options
    if (advertise === undefined) return
    const read = readAdvertisement(bytes, advertise.key)
    const { now, wall } = { now: this.#clock.now(), wall: this.#clock.wall() }
    const what = typeof read === 'string' ? read : this.#found.heard(read, now, wall)
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
    if (what === 'known') return
    if (what === 'found' || what === 'leaving') {
      if (typeof read !== 'string')
        log.info({ server: read.server, proxy: read.manager?.address }, `advertise: ${what}`)
      return this.#tell()
    }
    this.#complaints.tell(
      what,
      what,
      { what },
      advice.get(what) ?? 'a datagram about a proxy does not count',
    )
  }

  async #tick(): Promise<void> {
    const now = this.#clock.now()
    await Promise.all(this.#named.map(({ lookup }) => lookup.refresh()))
    for (const { lookup, seen } of this.#named) {
      for (const address of lookup.addresses()) seen.set(keyOf(address), { address, at: now })
      for (const [key, { at }] of seen) if (now - at > advertiseLimits.silentMs) seen.delete(key)
    }
    this.#found.forget(now, (proxy) => this.#options.isReached(proxy))
    this.#tell()
  }

  #listed(): ProxyAddress[] {
    return this.#options.listed.flatMap((entry): ProxyAddress[] => {
      const named = this.#named.find((other) => other.entry === entry)
      if (named === undefined) return [entry]
      const behind = [...named.seen.values()].map(({ address }) => ({
        ...address,
        ...(entry.tls === true ? { tls: true as const } : {}),
        name: entry.host,
      }))
      // Until it was found once the name itself is tried, which says what is wrong with it.
      return behind.length > 0 || entry.host.startsWith('_') ? behind : [entry]
    })
  }

  #tell(): void {
    const { proxies } = this
    const text = proxies.map(keyOf).sort().join()
    if (text === this.#told) return
    this.#told = text
    this.#options.changed(proxies)
  }
}

/** Two entries with one key are one proxy. */
export const keyOf = ({ host, port }: HostPort): string => `${host} ${port}`

const advice: ReadonlyMap<string, string> = new Map([
  ['digest', 'a proxy advertises with another key than this node has'],
  ['seal', 'a datagram about a proxy was changed on its way, or made with another key'],
  ['unsealed', 'a proxy advertises without the code that is asked for (httpd has none)'],
  [
    'stale',
    'a proxy advertises with a date far from this clock: one of the two is wrong, or it is a replay',
  ],
  ['replayed', 'a datagram about a proxy came twice'],
  ['moved', 'a datagram gives a known proxy another address, which is not believed'],
  ['no-address', 'a proxy advertises no address that can be connected to'],
  ['full', `more than ${advertiseLimits.foundMax} proxies advertise: the rest is left alone`],
])
