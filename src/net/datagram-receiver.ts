// Receives datagrams of one group, one broadcast port or one port of its own. No failure ends it: the socket is
// opened again a second later. Beyond the limit of one second, datagrams are left to the kernel, which drops them.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { HostPort } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import type { OutageLog } from '../base/outage-log.ts'
import { ownInterface } from './own-interface.ts'

export interface Reception {
  readonly family: 4 | 6
  /** Groups and broadcast ports are shared with other processes of this machine; a port for a host is not. */
  readonly kind: 'group' | 'broadcast' | 'host'
  /** The group, or the address to bind to. */
  readonly address: string
  /** The first free one is used; 0: any. */
  readonly ports: readonly number[]
  /** Interface at which a group is joined, by name or address; `undefined`: the system's choice. */
  readonly interface: string | undefined
}

type OnDatagram = (bytes: Buffer, from: RemoteInfo) => void

export class DatagramReceiver {
  readonly #reception: Reception
  readonly #onDatagram: OnDatagram
  readonly #outages: OutageLog
  #socket: Socket | undefined
  /** Datagrams in the current second. */
  #received = 0
  /** Whether the current second has reached the limit. */
  #isFlooded = false
  #ports: readonly number[]
  #bound: number | undefined
  /** Sends that the kernel has not completed. */
  #pending = 0
  #isClosed = false

  constructor(reception: Reception, onDatagram: OnDatagram, outages: OutageLog) {
    this.#reception = reception
    this.#onDatagram = onDatagram
    this.#outages = outages
    this.#ports = reception.ports
  }

  /** The port of the open socket; `undefined` while none is open. */
  get port(): number | undefined {
    return this.#bound
  }

  /** The address at which the open socket receives datagrams to this process alone; may be a wildcard. */
  get own(): HostPort | undefined {
    const { port } = this
    const { kind, address } = this.#reception
    return kind === 'host' && port !== undefined ? { host: address, port } : undefined
  }

  /** Sends from the open socket; a failure loses the datagram. @param to host: an address. */
  send(bytes: Uint8Array, { host, port }: HostPort): void {
    const socket = this.#socket
    if (socket === undefined || this.#pending >= datagramLimits.sendsPendingMax) return
    this.#pending++
    socket.send(bytes, port, host, this.#sent)
  }

  readonly #sent = (): void => {
    this.#pending--
  }

  /** Begins a new second of the limit and opens the socket unless it is open. Never rejects. */
  async tick(): Promise<void> {
    this.#received = 0
    if (!this.#isFlooded) {
      this.#outages.resolve(this.#floodName, { on: this.#name }, 'all datagrams are read again')
    }
    this.#isFlooded = false
    if (this.#socket !== undefined || this.#isClosed) return
    for (const port of this.#ports) {
      const error = await this.#open(port)
      if (error === undefined) {
        // The same port is preferred later, because other servers have it by now.
        const bound = this.#bound ?? port
        this.#ports = [bound, ...this.#ports.filter((other) => other !== bound)]
        return this.#outages.resolve(this.#name, { on: this.#name }, 'datagrams are received again')
      }
      if (error.code !== 'EADDRINUSE') return this.#failed(error)
    }
    this.#failed(Object.assign(new Error(`no free port: ${this.#ports}`), { code: 'EADDRINUSE' }))
  }

  /** Opens a new socket, because the interface may have changed. */
  async renew(): Promise<void> {
    this.#drop()
    await this.tick()
  }

  close(): void {
    this.#isClosed = true
    this.#drop()
  }

  get #name(): string {
    const { address, ports } = this.#reception
    return `${address} ${ports}`
  }

  get #floodName(): string {
    return `${this.#name} flood`
  }

  #drop(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#bound = undefined
  }

  #open(port: number): Promise<NodeJS.ErrnoException | undefined> {
    const { family, kind } = this.#reception
    const type = family === 4 ? 'udp4' : 'udp6'
    const socket = createSocket({
      type,
      reuseAddr: kind !== 'host',
      ipv6Only: family === 6,
      // Only addresses are sent to, so a look-up is never necessary.
      lookup: (host, _, done) => done(null, host, family),
    })
    socket.unref()
    this.#socket = socket
    return new Promise((resolve) => {
      const refused = (error: NodeJS.ErrnoException): void => {
        if (this.#socket === socket) this.#drop()
        resolve(error)
      }
      const bound = (): void => {
        socket.off('error', refused)
        if (this.#socket === socket) this.#bound = socket.address().port
        this.#listen(socket)
        resolve(undefined)
      }
      socket.once('error', refused)
      socket.once('close', () => resolve(undefined))
      // Exclusive: every worker of node:cluster has a socket of its own.
      attempt(() => {
        const place = { port, address: this.#bindAddress(), exclusive: true }
        socket.bind(place, () => attempt(bound, refused))
      }, refused)
    })
  }

  #listen(socket: Socket): void {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#drop()
      this.#failed(error)
    })
    if (this.#reception.kind === 'group') this.#join(socket)
    socket.on('message', (bytes, from) => this.#receive(socket, bytes, from))
  }

  /** A socket bound to a group receives nothing else on its port; Windows cannot bind to a group. */
  #bindAddress(): string {
    const { kind, address, family } = this.#reception
    if (kind !== 'group') return address
    if (process.platform === 'win32') return family === 4 ? '0.0.0.0' : '::'
    // A link-local group is a different group at each interface.
    const own = /^ff.[12]/i.test(address) ? this.#interface() : undefined
    return own?.v6 === undefined ? address : address + own.v6.slice('::'.length)
  }

  #join(socket: Socket): void {
    const { family, address } = this.#reception
    const own = this.#interface()
    const multicastInterface = family === 4 ? own?.v4 : own?.v6
    if (multicastInterface === undefined) socket.addMembership(address)
    else socket.addMembership(address, multicastInterface)
  }

  #interface(): ReturnType<typeof ownInterface> {
    const which = this.#reception.interface
    if (which === undefined) return undefined
    const own = ownInterface(which)
    if (own === undefined) throw new Error(`no interface ${which}`)
    return own
  }

  #receive(socket: Socket, bytes: Buffer, from: RemoteInfo): void {
    if (this.#socket !== socket) return
    if (++this.#received > datagramLimits.perSecondMax) {
      // Only a closed socket costs nothing: the kernel drops datagrams until the next second.
      this.#drop()
      this.#isFlooded = true
      const detail = { on: this.#name, limit: datagramLimits.perSecondMax }
      const message = 'more datagrams arrive than are read; the rest of each second is lost'
      return this.#outages.report(this.#floodName, 'flood', detail, message)
    }
    this.#onDatagram(bytes, from)
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { code = error.message, message } = error
    const detail = { on: this.#name, error: message }
    this.#outages.report(this.#name, code, detail, 'datagrams cannot be received')
  }
}

function attempt(call: () => void, failed: (error: NodeJS.ErrnoException) => void): void {
  try {
    call()
  } catch (error) {
    failed(error as NodeJS.ErrnoException)
  }
}
