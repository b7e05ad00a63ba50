// The socket that Envoys connect to: which addresses may, and how many connections there are. gRPC itself has no limit of
// them, and an error of accepting would end the process. Used by xds-server.ts.

import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import type { HostPort } from '../../../base/host-port.ts'
import { xdsLimits } from '../../../base/limits.ts'
import type { Logger } from '../../../base/log.ts'
import { ThrottledLog } from '../../../base/throttled-log.ts'
import { plainAddress } from '../../../net/address.ts'
import { HeldByAddress } from '../../../net/held-by-address.ts'
import { listenAt } from '../../../net/listen-at.ts'
import { resetSocket } from '../../../net/reset-socket.ts'

interface EnvoyListenerOptions {
  readonly at: HostPort
  readonly isAllowed: (address: string) => boolean
  readonly accepted: (socket: Socket) => void
  readonly log: Logger
  readonly clock: Clock
}

export class EnvoyListener {
  readonly #options: EnvoyListenerOptions
  readonly #server: Server
  /** Open connections by their addresses, as gRPC names them. */
  readonly #open: Map<string, Socket> = new Map()
  /** Those without a stream, which leave when there is no room. */
  readonly #idle: HeldByAddress<Socket> = new HeldByAddress()
  readonly #refused: ThrottledLog
  readonly #full: ThrottledLog
  readonly #unread: ThrottledLog

  constructor(options: EnvoyListenerOptions) {
    const { log, clock } = options
    this.#options = options
    this.#refused = new ThrottledLog(log, clock, 'connection of an Envoy refused')
    this.#full = new ThrottledLog(log, clock, 'no room for more connections of Envoys')
    this.#unread = new ThrottledLog(log, clock, 'Envoy does not read responses')
    const unaccepted = new ThrottledLog(log, clock, 'connection of an Envoy not accepted')
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    // While it listens; an error of listening rejects as well.
    this.#server.on('error', ({ message }) => {
      if (this.#server.listening) unaccepted.warn({ reason: message })
    })
  }

  /** @returns the port. Rejects with the system's error; then it may be called again. */
  async listen(): Promise<number> {
    return (await listenAt(this.#server, this.#options.at)).port
  }

  /** A stream begins or ends on the connection with this address. @param streams that are open there now. */
  noteStreams(address: string, streams: number): void {
    const socket = this.#open.get(address)
    if (socket === undefined) return
    if (streams > 0) this.#idle.release(socket)
    else this.#hold(socket)
  }

  /** Cuts the connection with this address, whose responses are not read. */
  cut(address: string): void {
    this.#unread.warn({ envoy: address })
    this.#open.get(address)?.destroy()
  }

  close(): void {
    this.#server.close()
  }

  #accept(socket: Socket): void {
    const { isAllowed, accepted, clock } = this.#options
    const { remoteAddress = '', remotePort } = socket
    if (!isAllowed(plainAddress(remoteAddress))) {
      this.#refused.warn({ remote: remoteAddress, reason: 'control.allow does not name it' })
      return refuse(socket)
    }
    if (this.#open.size >= xdsLimits.connectionsMax) {
      const displaced = this.#idle.displace(remoteAddress, clock.now())
      this.#full.warn({ remote: remoteAddress, refused: displaced === undefined })
      if (displaced === undefined) return refuse(socket)
      displaced.destroy()
    }
    const address = `${remoteAddress}:${remotePort}`
    this.#open.set(address, socket)
    this.#hold(socket)
    socket.once('close', () => {
      this.#idle.release(socket)
      if (this.#open.get(address) === socket) this.#open.delete(address)
    })
    accepted(socket)
  }

  #hold(socket: Socket): void {
    this.#idle.hold(socket.remoteAddress ?? '', socket, this.#options.clock.now())
  }
}

function refuse(socket: Socket): void {
  socket.on('error', () => {})
  resetSocket(socket)
}
