// The addresses behind a list of hosts and names, looked up again and again: a name may stand for several
// servers, and for others tomorrow. What was known stays known while a look-up fails.

import { lookup, resolveSrv } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Complaints } from '../base/complaints.ts'
import type { HostPort } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'

/** The questions that are asked, for tests to answer. Both may reject. */
export interface Resolver {
  /** All addresses of a name, as programs of this machine see them: the hosts file counts. */
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
  readonly #complaints: Complaints
  /** What each entry last stood for. */
  readonly #known: Map<HostPort, readonly HostPort[]> = new Map()
  #underWay = false

  /** @param entries addresses and names; a name `_service._proto.domain` is asked for SRV records, whose ports count. */
  constructor(entries: readonly HostPort[], resolver: Resolver, log: Logger) {
    this.#entries = entries
    this.#resolver = resolver
    this.#complaints = new Complaints(log)
    for (const entry of entries) if (isIP(entry.host) !== 0) this.#known.set(entry, [entry])
  }

  get hasNames(): boolean {
    return this.#entries.some(({ host }) => isIP(host) === 0)
  }

  /** All addresses known now, each once. */
  addresses(): readonly HostPort[] {
    const all = new Map<string, HostPort>()
    for (const address of [...this.#known.values()].flat()) {
      all.set(`${address.host} ${address.port}`, address)
    }
    return [...all.values()].slice(0, datagramLimits.destinationsMax)
  }

  /** Asks for all names once more, unless that is under way. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#underWay) return
    this.#underWay = true
    await Promise.all(this.#entries.map((entry) => this.#refresh(entry)))
    this.#underWay = false
  }

  async #refresh(entry: HostPort): Promise<void> {
    const { host } = entry
    if (isIP(host) !== 0) return
    try {
      this.#known.set(entry, await this.#ask(entry))
      this.#complaints.over(host, { name: host }, 'the name is found again')
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const detail = { name: host, error: message }
      this.#complaints.tell(host, code ?? message, detail, 'a name is not found')
    }
  }

  async #ask(entry: HostPort): Promise<readonly HostPort[]> {
    const targets = entry.host.startsWith('_') ? await this.#resolver.services(entry.host) : [entry]
    const found = targets.slice(0, datagramLimits.destinationsMax).map(async ({ host, port }) => {
      const addresses = isIP(host) === 0 ? await this.#resolver.addresses(host) : [host]
      return addresses.map((address) => ({ host: address, port }))
    })
    return (await Promise.all(found)).flat()
  }
}
