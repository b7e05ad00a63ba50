// Sends datagrams from ports of its own, one for each address family. No failure ends it: a failure is logged once,
// and the next datagram is tried again, from a new socket if necessary.

import { createSocket, type Socket } from 'node:dgram'
import { hostPortText } from '../base/host-port.ts'
import { datagramLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { OutageLog } from '../base/outage-log.ts'
import type { Destination } from './destination.ts'
import { ownInterface } from './own-interface.ts'

interface SenderOptions {
  /** Interface for groups and broadcasts, by name or address; its IPv4 address is the source address. */
  readonly interface: string | undefined
  /** Routers that a datagram to a group may pass, plus one. */
  readonly ttl: number
  /** Whether processes of this machine receive datagrams to a group. */
  readonly loopback: boolean
  readonly log: Logger
}

interface Sending {
  readonly socket: Socket
  /** Sends that the kernel has not completed. */
  pending: number
}

export class DatagramSender {
  readonly #options: SenderOptions
  readonly #outages: OutageLog
  readonly #byFamily: Map<4 | 6, Sending> = new Map()
  #closed: (() => void) | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#outages = new OutageLog(options.log)
  }

  /** Sends a datagram; drops it when too many are pending. */
  send(bytes: Uint8Array, to: Destination): void {
    if (this.#closed !== undefined) return
    let sending = this.#byFamily.get(to.family)
    if (sending === undefined) {
      const socket = this.#open(to.family)
      if (socket === undefined) return
      sending = { socket, pending: 0 }
      this.#byFamily.set(to.family, sending)
    }
    if (sending.pending < datagramLimits.sendsPendingMax) this.#send(bytes, to, sending)
  }

  /** Closes when everything is sent, or after a short deadline. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#closed = resolve
      setTimeout(resolve, datagramLimits.closeMs).unref()
      this.#closeWhenSent()
    })
    this.renew()
  }

  /** Closes the sockets; the next datagram opens new ones. */
  renew(): void {
    for (const { socket } of this.#byFamily.values()) socket.close()
    this.#byFamily.clear()
  }

  #send(bytes: Uint8Array, to: Destination, sending: Sending): void {
    const text = hostPortText(to)
    sending.pending++
    sending.socket.send(bytes, to.port, to.host, (error) => {
      sending.pending--
      if (error === null) this.#outages.resolve(text, { to: text }, 'datagrams can be sent again')
      else this.#failed(text, error)
      this.#closeWhenSent()
    })
  }

  #closeWhenSent(): void {
    if ([...this.#byFamily.values()].every(({ pending }) => pending === 0)) this.#closed?.()
  }

  #open(family: 4 | 6): Socket | undefined {
    const type = family === 4 ? 'udp4' : 'udp6'
    const which = this.#options.interface
    const own = which === undefined ? undefined : ownInterface(which)
    if (which !== undefined && own === undefined) {
      this.#failed(type, new Error(`no interface ${which}`))
      return undefined
    }
    // Destinations are addresses, so a look-up is never necessary.
    const socket = createSocket({ type, lookup: (host, _, done) => done(null, host, family) })
    socket.unref()
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed(type, error)
      if (this.#byFamily.get(family)?.socket !== socket) return
      this.#byFamily.delete(family)
      socket.close()
    })
    const address = family === 4 && own?.v4 !== undefined ? { address: own.v4 } : {}
    socket.bind({ port: 0, exclusive: true, ...address }, () => {
      try {
        this.#configure(socket, family, family === 4 ? own?.v4 : own?.v6)
        this.#outages.resolve(type, { to: type }, 'datagrams can be sent again')
      } catch (error) {
        this.#failed(type, error as NodeJS.ErrnoException)
      }
    })
    return socket
  }

  #configure(socket: Socket, family: 4 | 6, multicastInterface: string | undefined): void {
    if (family === 4) socket.setBroadcast(true)
    socket.setMulticastTTL(this.#options.ttl)
    socket.setMulticastLoopback(this.#options.loopback)
    if (multicastInterface !== undefined) socket.setMulticastInterface(multicastInterface)
  }

  /** @param subject the destination or the kind of socket. */
  #failed(subject: string, error: NodeJS.ErrnoException): void {
    const { code = error.message, message } = error
    const detail = { to: subject, error: message }
    this.#outages.report(subject, code, detail, 'datagrams cannot be sent')
  }
}
