// Datagrams to and from a set of places: multicast groups, broadcast addresses, hosts and names. Several
// processes of a machine share a group or a broadcast port; of hosts, each takes a port of the list that is
// free. Troubles (no route, an interface gone, a name not found) are told and outlived. Called by whatever
// announces itself or listens to announcements.

import type { RemoteInfo } from 'node:dgram'
import { isIP } from 'node:net'
import { Complaints } from '../base/complaints.ts'
import type { HostPort } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { isLoopback } from './address.ts'
import { AddressLookup, type Resolver, systemResolver } from './address-lookup.ts'
import { DatagramReceiver, type Reception } from './datagram-receiver.ts'
import { DatagramSender } from './datagram-sender.ts'
import { type Destination, destination } from './destination.ts'
import { interfacesText, ownInterface, ownNetworks } from './own-interface.ts'

export interface DatagramOptions {
  /**
   * Where to send, and what to listen on: a group is joined; of broadcast addresses and hosts the port is
   * listened on. A name `_service._udp.domain` stands for its SRV records, any other for all its addresses.
   */
  readonly to: readonly HostPort[]
  /** Gets what is received. Default: nothing is listened for. Must not throw. */
  readonly onDatagram?: (bytes: Buffer, from: RemoteInfo) => void
  /** Interface for groups and broadcasts, and address to listen on for hosts: its name or one of its addresses. Default: the system's choice. */
  readonly interface?: string
  /** Routers that a datagram to a group may pass, plus one: 0..255. Default 1, the local network. */
  readonly ttl?: number
  /** Whether other processes of this machine hear what is sent to a group (and this one too). Default true. */
  readonly loopback?: boolean
  /** Port to listen on where `to` has hosts. Default: the first port among theirs that is free. */
  readonly port?: number
  /** Default: the system's. */
  readonly resolver?: Resolver
  /** Default: says nothing. */
  readonly log?: Logger
}

export interface Datagrams {
  /** Resolves when everything was tried once: names looked up, sockets open or complained about. */
  readonly ready: Promise<void>
  /** Where hosts are listened for now; for people and tests. */
  readonly ports: readonly number[]
  /** Sends the bytes to every place that is known now. */
  send(bytes: Uint8Array): void
  /** Ends it when what was sent is out. */
  close(): Promise<void>
}

/** Opens it; failures are told in the log, never thrown. The sockets do not keep the process alive. */
export function openDatagrams(options: DatagramOptions): Datagrams {
  return new OpenDatagrams(options)
}

class OpenDatagrams implements Datagrams {
  readonly ready: Promise<void>
  readonly #options: DatagramOptions
  readonly #lookup: AddressLookup
  readonly #sender: DatagramSender
  readonly #complaints: Complaints
  readonly #receivers: Map<string, DatagramReceiver> = new Map()
  readonly #timer: NodeJS.Timeout
  #destinations: readonly Destination[] = []
  #interfaces: string = interfacesText()
  #ticks = 0
  #closed = false

  constructor(options: DatagramOptions) {
    const { to, resolver = systemResolver, log = silent, ttl = 1, loopback = true } = options
    this.#options = options
    this.#complaints = new Complaints(log)
    this.#lookup = new AddressLookup(to, resolver, log)
    this.#sender = new DatagramSender({ interface: options.interface, ttl, loopback, log })
    this.#timer = setInterval(() => void this.#tick(), datagramLimits.tickMs).unref()
    this.ready = this.#start()
  }

  get ports(): readonly number[] {
    return [...this.#receivers.values()].flatMap(({ port }) => (port === undefined ? [] : [port]))
  }

  send(bytes: Uint8Array): void {
    for (const to of this.#destinations) this.#sender.send(bytes, to)
  }

  async close(): Promise<void> {
    this.#closed = true
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

  /** What is known now about names and interfaces, as destinations and as sockets to listen with. */
  #arrange(): void {
    if (this.#closed) return
    const networks = ownNetworks()
    this.#destinations = this.#lookup.addresses().map((address) => destination(address, networks))
    const { onDatagram } = this.#options
    if (onDatagram === undefined) return
    for (const reception of this.#receptions()) {
      const key = `${reception.kind} ${reception.family} ${reception.address} ${reception.kind === 'host' ? '' : reception.ports}`
      if (this.#receivers.has(key)) continue
      this.#receivers.set(key, new DatagramReceiver(reception, onDatagram, this.#complaints))
    }
  }

  #receptions(): Reception[] {
    const { to, port } = this.#options
    const receptions: Reception[] = []
    const hosts: Destination[] = []
    for (const place of this.#destinations) {
      const { family, kind, host: address } = place
      if (kind === 'host') hosts.push(place)
      else {
        const at = kind === 'group' ? address : '0.0.0.0'
        receptions.push({
          family,
          kind,
          address: at,
          ports: [place.port],
          interface: this.#options.interface,
        })
      }
    }
    const ports = port === undefined ? [...new Set(hosts.map((place) => place.port))] : [port]
    // Names that are not found yet have ports that count, except those of SRV records.
    if (port === undefined) {
      for (const { host, port: named } of to) {
        if (isIP(host) === 0 && !host.startsWith('_') && !ports.includes(named)) ports.push(named)
      }
    }
    for (const family of [4, 6] as const) {
      const some = hosts.filter((place) => place.family === family)
      if (ports.length === 0 || (some.length === 0 && !(family === 4 && this.#lookup.hasNames)))
        continue
      const address = this.#hostAddress(family, some)
      receptions.push({ family, kind: 'host', address, ports, interface: undefined })
    }
    return receptions
  }

  /** Where to listen for hosts: at the interface that was asked for, at loopback when all are there, else anywhere. */
  #hostAddress(family: 4 | 6, hosts: readonly Destination[]): string {
    const which = this.#options.interface
    const own = which === undefined ? undefined : ownInterface(which)
    if (family === 4 && own?.v4 !== undefined) return own.v4
    const local =
      hosts.length > 0 && !this.#lookup.hasNames && hosts.every(({ host }) => isLoopback(host))
    if (family === 4) return local ? '127.0.0.1' : '0.0.0.0'
    return local ? '::1' : '::'
  }
}
