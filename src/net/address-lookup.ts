// The addresses behind a list of hosts and names, which are looked up periodically, because the servers behind a
// name change. While a look-up fails the last addresses stay.

import { lookup, resolveSrv } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { HostPort } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { OutageLog } from '../base/outage-log.ts'

/** The look-ups, replaceable in tests. Both may reject. */
export interface Resolver {
  /** All addresses of a name, including those in the hosts file. */
  addresses(name: string): Promise<readonly string[]>
  /** The SRV records of a name. */
  services(name: string): Promise<readonly HostPort[]>
}

export const systemResolver: Resolver = {
  addresses: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  services: async (name) =>
    (await resolveSrv(name)).map(({ name: host, port }) => ({ host, port })),
}

export class AddressLookup {
  readonly #entries: readonly HostPort[]
  readonly #resolver: Resolver
  readonly #outages: OutageLog
  /** The last addresses of each entry. */
  readonly #known: Map<HostPort, readonly HostPort[]> = new Map()
  #isRefreshing = false

  /** @param entries addresses and names; `_service._proto.domain` means SRV records, with their ports. */
  constructor(entries: readonly HostPort[], resolver: Resolver, log: Logger) {
    this.#entries = entries
    this.#resolver = resolver
    this.#outages = new OutageLog(log)
    for (const entry of entries) if (isIP(entry.host) !== 0) this.#known.set(entry, [entry])
  }

  get hasNames(): boolean {
    return this.#entries.some(({ host }) => isIP(host) === 0)
  }

  /** All addresses known now, without duplicates. */
  addresses(): readonly HostPort[] {
    const all = new Map<string, HostPort>()
    for (const address of [...this.#known.values()].flat()) {
      all.set(`${address.host} ${address.port}`, address)
    }
    return [...all.values()].slice(0, datagramLimits.destinationsMax)
  }

  /** Looks all names up again, unless a refresh is in progress. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    await Promise.all(this.#entries.map((entry) => this.#refresh(entry)))
    this.#isRefreshing = false
  }

  async #refresh(entry: HostPort): Promise<void> {
    const { host } = entry
    if (isIP(host) !== 0) return
    try {
      this.#known.set(entry, await this.#lookUp(entry))
      this.#outages.resolve(host, { name: host }, 'name resolved again')
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const detail = { name: host, error: message }
      this.#outages.report(host, code ?? message, detail, 'name not resolved')
    }
  }

  async #lookUp(entry: HostPort): Promise<readonly HostPort[]> {
    const targets = entry.host.startsWith('_') ? await this.#resolver.services(entry.host) : [entry]
    const found = targets.slice(0, datagramLimits.destinationsMax).map(async ({ host, port }) => {
      const addresses = isIP(host) === 0 ? await this.#resolver.addresses(host) : [host]
      return addresses.map((address) => ({ host: address, port }))
    })
    return (await Promise.all(found)).flat()
  }
}
