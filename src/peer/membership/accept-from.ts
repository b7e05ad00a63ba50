// Whose datagrams are believed: those from the networks that were given; when none were and there is no key,
// those from this machine and from the networks of its interfaces, which are looked at again and again.

import { isIP } from 'node:net'
import { plainAddress } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import { interfacesText, ownInterface, ownNetworks } from '../../net/own-interface.ts'

const loopback: readonly string[] = ['127.0.0.0/8', '::1']

export interface AcceptOptions {
  readonly acceptFrom: readonly string[] | undefined
  /** Announcements are sealed, so that their source need not matter. */
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

  /** The networks that count now, for people; undefined: any. */
  get networks(): readonly string[] | undefined {
    return this.#check === undefined ? undefined : this.#networks
  }

  /** Whether a datagram from this address may be believed. */
  source(address: string): boolean {
    return this.#check === undefined || this.#check(plainAddress(address))
  }

  /**
   * Whether an announcement may send requests to this host. Sealed, it may; else only into the networks
   * that datagrams are believed from, and a name may lead anywhere.
   */
  target(host: string): boolean {
    return this.#options.hasKey || (isIP(host) !== 0 && this.source(host))
  }

  /** Looks whether the machine has other networks now. */
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
