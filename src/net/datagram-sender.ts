// Sends datagrams from ports of its own, one for each family of addresses. No failure ends anything: it is
// told once, and the next datagram is tried again, from a new socket if need be.

import { createSocket, type Socket } from 'node:dgram'
import { Complaints } from '../base/complaints.ts'
import { hostPortText } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import type { Destination } from './destination.ts'
import { ownInterface } from './own-interface.ts'

export interface SenderOptions {
  /** Name or address of the interface that groups and broadcasts go out of, and the source address for IPv4. */
  readonly interface: string | undefined
  /** Routers that a datagram to a group may pass, plus one. */
  readonly ttl: number
  /** Whether this machine hears what it sends to a group. */
  readonly loopback: boolean
  readonly log: Logger
}

interface Way {
  readonly socket: Socket
  /** Sends that the kernel has not taken yet. */
  pending: number
}

export class DatagramSender {
  readonly #options: SenderOptions
  readonly #complaints: Complaints
  readonly #ways: Map<4 | 6, Way> = new Map()
  #closed: (() => void) | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#complaints = new Complaints(options.log)
  }

  /** Sends it as soon as possible; when too many wait for that already, it is dropped. */
  send(bytes: Uint8Array, to: Destination): void {
    if (this.#closed !== undefined) return
    let way = this.#ways.get(to.family)
    if (way === undefined) {
      const socket = this.#open(to.family)
      if (socket === undefined) return
      way = { socket, pending: 0 }
      this.#ways.set(to.family, way)
    }
    if (way.pending < datagramLimits.sendsPendingMax) this.#send(bytes, to, way)
  }

  /** Closes when what was sent before is out, or after a short deadline. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#closed = resolve
      setTimeout(resolve, datagramLimits.closeMs).unref()
      this.#closeWhenOut()
    })
    this.renew()
  }

  /** Forgets the sockets; the next datagram opens new ones. */
  renew(): void {
    for (const { socket } of this.#ways.values()) socket.close()
    this.#ways.clear()
  }

  #send(bytes: Uint8Array, to: Destination, way: Way): void {
    const text = hostPortText(to)
    way.pending++
    way.socket.send(bytes, to.port, to.host, (error) => {
      way.pending--
      if (error === null) this.#complaints.over(text, { to: text }, 'datagrams can be sent again')
      else this.#failed(text, error)
      this.#closeWhenOut()
    })
  }

  #closeWhenOut(): void {
    if ([...this.#ways.values()].every(({ pending }) => pending === 0)) this.#closed?.()
  }

  #open(family: 4 | 6): Socket | undefined {
    const type = family === 4 ? 'udp4' : 'udp6'
    const which = this.#options.interface
    const own = which === undefined ? undefined : ownInterface(which)
    if (which !== undefined && own === undefined) {
      this.#failed(type, new Error(`no interface ${which}`))
      return undefined
    }
    // Addresses only: nothing is to be looked up.
    const socket = createSocket({ type, lookup: (host, _, done) => done(null, host, family) })
    socket.unref()
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed(type, error)
      if (this.#ways.get(family)?.socket !== socket) return
      this.#ways.delete(family)
      socket.close()
    })
    const address = family === 4 && own?.v4 !== undefined ? { address: own.v4 } : {}
    socket.bind({ port: 0, exclusive: true, ...address }, () => {
      try {
        if (family === 4) socket.setBroadcast(true)
        socket.setMulticastTTL(this.#options.ttl)
        socket.setMulticastLoopback(this.#options.loopback)
        const out = family === 4 ? own?.v4 : own?.v6
        if (out !== undefined) socket.setMulticastInterface(out)
        this.#complaints.over(type, { to: type }, 'datagrams can be sent again')
      } catch (error) {
        this.#failed(type, error as NodeJS.ErrnoException)
      }
    })
    return socket
  }

  #failed(about: string, error: NodeJS.ErrnoException): void {
    const { code = error.message, message } = error
    this.#complaints.tell(about, code, { to: about, error: message }, 'datagrams cannot be sent')
  }
}
