// Decides which datagrams are accepted, by their source: those from the networks of the options. Without these and
// without a key, those from this machine and from the networks of its interfaces, which are read again now and then.

import { isIP } from 'node:net'
import { plainAddress } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import { interfacesText, ownInterface, ownNetworks } from '../../net/own-interface.ts'

const loopback: readonly string[] = ['127.0.0.0/8', '::1']

interface AcceptOptions {
  readonly acceptFrom: readonly string[] | undefined
  /** Announcements are authenticated with a key, so any source is accepted by default. */
  readonly hasKey: boolean
  readonly interface: string | undefined
}

export class AcceptFrom {
  readonly #options: AcceptOptions
  #interfaces: string | undefined
  #check: ((address: string) => boolean) | undefined
  #networks: readonly string[] = []

  constructor(options: AcceptOptions) {
    this.#options = options
    if (options.acceptFrom !== undefined) this.#set(options.acceptFrom)
    this.refresh()
  }

  /** The networks of now, to be shown; undefined: any. */
  get networks(): readonly string[] | undefined {
    return this.#check === undefined ? undefined : this.#networks
  }

  /** Whether datagrams from this address are accepted. */
  source(address: string): boolean {
    return this.#check === undefined || this.#check(plainAddress(address))
  }

  /**
   * Whether an announcement may direct requests to this host. With a key to any. Without one only to addresses that
   * announcements are accepted from; not to a name, which may lead anywhere.
   */
  target(host: string): boolean {
    return this.#options.hasKey || (isIP(host) !== 0 && this.source(host))
  }

  /** Reads the networks of the machine's interfaces again. */
  refresh(): void {
    const { acceptFrom, hasKey, interface: which } = this.#options
    if (acceptFrom !== undefined || hasKey) return
    const interfaces = interfacesText()
    if (interfaces === this.#interfaces) return
    this.#interfaces = interfaces
    const own = which === undefined ? ownNetworks() : (ownInterface(which)?.networks ?? [])
    this.#set([...new Set([...loopback, ...own])])
  }

  #set(networks: readonly string[]): void {
    this.#networks = networks
    this.#check = networkCheck(networks, 'acceptFrom')
  }
}
