// Receives datagrams on one group, broadcast port or port of its own. No failure ends anything: the socket is
// opened again a second later. When more arrive in a second than the limit, the rest is left to the kernel.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Complaints } from '../base/complaints.ts'
import { datagramLimits } from '../base/limits.ts'
import { ownInterface } from './own-interface.ts'

export interface Reception {
  readonly family: 4 | 6
  /** What is received: a group is joined, and shared with other processes as broadcasts are; a port of one's own is not shared. */
  readonly kind: 'group' | 'broadcast' | 'host'
  /** The group, or the address to bind to. */
  readonly address: string
  /** The first that is free is taken. */
  readonly ports: readonly number[]
  /** Name or address of the interface at which a group is joined; undefined: the system's choice. */
  readonly interface: string | undefined
}

type OnDatagram = (bytes: Buffer, from: RemoteInfo) => void

export class DatagramReceiver {
  readonly #reception: Reception
  readonly #onDatagram: OnDatagram
  readonly #complaints: Complaints
  #socket: Socket | undefined
  /** Of the second under way. */
  #received = 0
  /** More arrived in it than are read. */
  #flooded = false
  #ports: readonly number[]
  #closed = false

  constructor(reception: Reception, onDatagram: OnDatagram, complaints: Complaints) {
    this.#reception = reception
    this.#onDatagram = onDatagram
    this.#complaints = complaints
    this.#ports = reception.ports
  }

  /** The port at which it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.#socket === undefined ? undefined : this.#ports[0]
  }

  /** Opens it if it is not open, and begins a second of the limit. Resolves when that is settled, well or not. */
  async tick(): Promise<void> {
    this.#received = 0
    if (!this.#flooded) {
      this.#complaints.over(this.#floodName, { on: this.#name }, 'all datagrams are read again')
    }
    this.#flooded = false
    if (this.#socket !== undefined || this.#closed) return
    for (const port of this.#ports) {
      const error = await this.#open(port)
      if (error === undefined) {
        // After a pause the same port again, if possible: others know it.
        this.#ports = [port, ...this.#ports.filter((other) => other !== port)]
        return this.#complaints.over(this.#name, { on: this.#name }, 'datagrams are received again')
      }
      if (error.code !== 'EADDRINUSE') return this.#failed(error)
    }
    this.#failed(
      Object.assign(new Error(`no port is free: ${this.#ports}`), { code: 'EADDRINUSE' }),
    )
  }

  /** Opens it anew: its interface may be another one by now. */
  async renew(): Promise<void> {
    this.#drop()
    await this.tick()
  }

  close(): void {
    this.#closed = true
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
  }

  #open(port: number): Promise<NodeJS.ErrnoException | undefined> {
    const { family, kind } = this.#reception
    const type = family === 4 ? 'udp4' : 'udp6'
    const socket = createSocket({ type, reuseAddr: kind !== 'host', ipv6Only: family === 6 })
    socket.unref()
    this.#socket = socket
    return new Promise((resolve) => {
      const refused = (error: NodeJS.ErrnoException): void => {
        if (this.#socket === socket) this.#drop()
        resolve(error)
      }
      const bound = (): void => {
        socket.off('error', refused)
        socket.on('error', (error: NodeJS.ErrnoException) => {
          if (this.#socket === socket) this.#drop()
          this.#failed(error)
        })
        if (kind === 'group') this.#join(socket)
        socket.on('message', (bytes, from) => this.#take(socket, bytes, from))
        resolve(undefined)
      }
      socket.once('error', refused)
      socket.once('close', () => resolve(undefined))
      // Not shared with the other workers of node:cluster: each hears for itself.
      attempt(() => {
        const place = { port, address: this.#bindAddress(), exclusive: true }
        socket.bind(place, () => attempt(bound, refused))
      }, refused)
    })
  }

  /** Bound to a group, a socket hears nothing else that comes to its port; Windows cannot do that. */
  #bindAddress(): string {
    const { kind, address, family } = this.#reception
    if (kind !== 'group') return address
    if (process.platform === 'win32') return family === 4 ? '0.0.0.0' : '::'
    // A group of the link means another one at each interface.
    const own = /^ff.[12]/i.test(address) ? this.#interface() : undefined
    return own?.v6 === undefined ? address : address + own.v6.slice('::'.length)
  }

  #join(socket: Socket): void {
    const { family, address } = this.#reception
    const own = this.#interface()
    const way = family === 4 ? own?.v4 : own?.v6
    if (way === undefined) socket.addMembership(address)
    else socket.addMembership(address, way)
  }

  #interface(): ReturnType<typeof ownInterface> {
    const which = this.#reception.interface
    if (which === undefined) return undefined
    const own = ownInterface(which)
    if (own === undefined) throw new Error(`no interface ${which}`)
    return own
  }

  #take(socket: Socket, bytes: Buffer, from: RemoteInfo): void {
    if (this.#socket !== socket) return
    if (++this.#received > datagramLimits.perSecondMax) {
      // Only a closed socket costs nothing: what comes is thrown away by the kernel until the next second.
      this.#drop()
      this.#flooded = true
      const detail = { on: this.#name, limit: datagramLimits.perSecondMax }
      const told = 'more datagrams arrive than are read; the rest of each second is lost'
      return this.#complaints.tell(this.#floodName, 'flood', detail, told)
    }
    this.#onDatagram(bytes, from)
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { code = error.message, message } = error
    const detail = { on: this.#name, error: message }
    this.#complaints.tell(this.#name, code, detail, 'datagrams cannot be received')
  }
}

function attempt(call: () => void, failed: (error: NodeJS.ErrnoException) => void): void {
  try {
    call()
  } catch (error) {
    failed(error as NodeJS.ErrnoException)
  }
}
