// Datagrams to and from a list of places: multicast groups, broadcast addresses, hosts and names. The processes of a
// machine share a group or broadcast port; for hosts each uses a free port of the list. Failures (no route, a missing
// interface, an unknown name) are logged and retried. Used for announcements and advertisements.

import type { RemoteInfo } from 'node:dgram'
import { isIP } from 'node:net'
import type { HostPort } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { OutageLog } from '../base/outage-log.ts'
import { isLoopback, isWildcard } from './address.ts'
import { AddressLookup, type Resolver, systemResolver } from './address-lookup.ts'
import { DatagramReceiver, type Reception } from './datagram-receiver.ts'
import { DatagramSender } from './datagram-sender.ts'
import { type Destination, destination } from './destination.ts'
import { interfacesText, ownInterface, ownNetworks } from './own-interface.ts'

export interface DatagramOptions {
  /**
   * Where to send, and what to receive: groups are joined; for broadcast addresses and hosts their ports are bound.
   * A name `_service._udp.domain` means its SRV records, any other name all its addresses.
   */
  readonly to: readonly HostPort[]
  /** Called with each datagram received; must not throw. Default: nothing is received. */
  readonly onDatagram?: (bytes: Buffer, from: RemoteInfo) => void
  /**
   * Interface for groups and broadcasts, and the address to bind for hosts, by name or address. Default: the
   * system's choice.
   */
  readonly interface?: string
  /** Routers that a datagram to a group may pass, plus one: 0..255. Default 1, the local network. */
  readonly ttl?: number
  /** Whether processes of this machine, including this one, receive datagrams to a group. Default true. */
  readonly loopback?: boolean
  /** Whether this process receives what it sends to its own port, where `to` has hosts. Default true. */
  readonly toSelf?: boolean
  /** Port to bind when `to` has hosts. Default: the first free port among theirs. */
  readonly port?: number
  /**
   * Whether a port of its own is bound even when `to` has groups and broadcasts only. Where `to` is empty: of which address
   * family. Default false.
   */
  readonly ownPort?: boolean | 4 | 6
  /** Default: the system's. */
  readonly resolver?: Resolver
  /** Default: no log. */
  readonly log?: Logger
}

export interface Datagrams {
  /** Resolves after the first attempt: names are looked up, sockets are open or have failed. */
  readonly ready: Promise<void>
  /** The ports bound now. */
  readonly ports: readonly number[]
  /** Where this process alone receives datagrams, of one address family at most each; the address may be a wildcard. */
  readonly own: readonly HostPort[]
  /** Sends the bytes to every destination known now. */
  send(bytes: Uint8Array): void
  /** Sends the bytes from the own port of that address family; without one nothing is sent. @param to host: an address. */
  sendFromOwn(bytes: Uint8Array, to: HostPort): void
  /** Ends when everything is sent. */
  close(): Promise<void>
}

/** Failures are logged, never thrown. The sockets do not keep the process alive. */
export function openDatagrams(options: DatagramOptions): Datagrams {
  return new OpenDatagrams(options)
}

class OpenDatagrams implements Datagrams {
  readonly ready: Promise<void>
  readonly #options: DatagramOptions
  readonly #lookup: AddressLookup
  readonly #sender: DatagramSender
  readonly #outages: OutageLog
  readonly #receivers: Map<string, DatagramReceiver> = new Map()
  readonly #timer: NodeJS.Timeout
  #destinations: readonly Destination[] = []
  #ownAddresses: ReadonlySet<string> = new Set()
  #interfaces: string = interfacesText()
  #ticks = 0
  #isClosed = false

  constructor(options: DatagramOptions) {
    const { to, resolver = systemResolver, log = silent, ttl = 1, loopback = true } = options
    this.#options = options
    this.#outages = new OutageLog(log)
    this.#lookup = new AddressLookup(to, resolver, log)
    this.#sender = new DatagramSender({ interface: options.interface, ttl, loopback, log })
    this.#timer = setInterval(() => void this.#tick(), datagramLimits.tickMs).unref()
    this.ready = this.#start()
  }

  get ports(): readonly number[] {
    return [...this.#receivers.values()].flatMap(({ port }) => (port === undefined ? [] : [port]))
  }

  get own(): readonly HostPort[] {
    return [...this.#receivers.values()].flatMap(({ own }) => own ?? [])
  }

  sendFromOwn(bytes: Uint8Array, to: HostPort): void {
    const family = isIP(to.host)
    for (const receiver of this.#receivers.values()) {
      if (receiver.own !== undefined && isIP(receiver.own.host) === family) {
        return receiver.send(bytes, to)
      }
    }
  }

  send(bytes: Uint8Array): void {
    const own = this.#options.toSelf === false ? this.own : []
    for (const to of this.#destinations) {
      if (!own.some((place) => this.#isAt(place, to))) this.#sender.send(bytes, to)
    }
  }

  #isAt({ host, port }: HostPort, to: HostPort): boolean {
    if (port !== to.port) return false
    return host === to.host || (isWildcard(host) && this.#ownAddresses.has(to.host))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const receiver of this.#receivers.values()) receiver.close()
    await this.#sender.close()
  }

  async #start(): Promise<void> {
    this.#arrange()
    await this.#tickReceivers()
    await this.#lookup.refresh()
    this.#arrange()
    await this.#tickReceivers()
  }

  async #tick(): Promise<void> {
    if (++this.#ticks % datagramLimits.refreshTicks === 0) {
      if (this.#lookup.hasNames) void this.#lookup.refresh().then(() => this.#arrange())
      const interfaces = interfacesText()
      if (interfaces !== this.#interfaces) {
        this.#interfaces = interfaces
        this.#arrange()
        this.#sender.renew()
        await Promise.all([...this.#receivers.values()].map((receiver) => receiver.renew()))
      }
    }
    await this.#tickReceivers()
  }

  async #tickReceivers(): Promise<void> {
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.tick()))
  }

  /** Updates destinations and receivers to the names and interfaces known now. */
  #arrange(): void {
    if (this.#isClosed) return
    const networks = ownNetworks()
    this.#ownAddresses = new Set(networks.map((network) => network.split('/', 1)[0] as string))
    this.#destinations = this.#lookup.addresses().map((address) => destination(address, networks))
    const { onDatagram } = this.#options
    if (onDatagram === undefined) return
    const shared = this.#sharedReceptions()
    const hosts = this.#hostReceptions()
    for (const reception of [...shared, ...hosts, ...this.#ownReceptions(shared, hosts)]) {
      const key = `${reception.kind} ${reception.family} ${reception.address} ${reception.kind === 'host' ? '' : reception.ports}`
      if (this.#receivers.has(key)) continue
      this.#receivers.set(key, new DatagramReceiver(reception, onDatagram, this.#outages))
    }
  }

  /** One for each group and for each broadcast port. */
  #sharedReceptions(): Reception[] {
    return this.#destinations.flatMap(({ family, kind, host, port }): Reception[] => {
      if (kind === 'host') return []
      const address = kind === 'group' ? host : '0.0.0.0'
      return [{ family, kind, address, ports: [port], interface: this.#options.interface }]
    })
  }

  /** One for each address family of the hosts. */
  #hostReceptions(): Reception[] {
    const hosts = this.#destinations.filter(({ kind }) => kind === 'host')
    const ports = this.#hostPorts(hosts)
    if (ports.length === 0) return []
    return ([4, 6] as const).flatMap((family): Reception[] => {
      const some = hosts.filter((place) => place.family === family)
      // Names that are not resolved yet are expected to be IPv4 hosts.
      if (some.length === 0 && !(family === 4 && this.#lookup.hasNames)) return []
      const address = this.#hostAddress(family, some)
      return [{ family, kind: 'host', address, ports, interface: undefined }]
    })
  }

  /** Ports of its own, where all others are shared: one for each address family of the groups. */
  #ownReceptions(shared: readonly Reception[], hosts: readonly Reception[]): Reception[] {
    const { ownPort = false } = this.#options
    if (ownPort === false || hosts.length > 0) return []
    return ([4, 6] as const)
      .filter(
        (family) => family === ownPort || shared.some((reception) => reception.family === family),
      )
      .map((family) => {
        const address = this.#hostAddress(family, [])
        return { family, kind: 'host', address, ports: [0], interface: undefined }
      })
  }

  /** The ports of the hosts, and of names that are not resolved yet; the ports of SRV records come with them. */
  #hostPorts(hosts: readonly Destination[]): readonly number[] {
    const { to, port } = this.#options
    if (port !== undefined) return [port]
    const named = to.filter(({ host }) => isIP(host) === 0 && !host.startsWith('_'))
    return [...new Set([...hosts, ...named].map((place) => place.port))]
  }

  /** The address to bind for hosts: of the chosen interface, loopback when all hosts are local, otherwise any. */
  #hostAddress(family: 4 | 6, hosts: readonly Destination[]): string {
    const which = this.#options.interface
    const own = which === undefined ? undefined : ownInterface(which)
    if (family === 4 && own?.v4 !== undefined) return own.v4
    const isLocal =
      hosts.length > 0 && !this.#lookup.hasNames && hosts.every(({ host }) => isLoopback(host))
    if (family === 4) return isLocal ? loopbackOf(hosts) : '0.0.0.0'
    return isLocal ? '::1' : '::'
  }
}

/** Each host of 127.0.0.0/8 is an address of its own; with several of them only the wildcard receives for all. */
function loopbackOf(hosts: readonly Destination[]): string {
  const [first, ...others] = new Set(hosts.map(({ host }) => host))
  return first !== undefined && others.length === 0 ? first : '0.0.0.0'
}
