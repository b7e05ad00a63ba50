// The listening sockets of the traffic.

import net from 'node:net'
import { TopspinError } from '../base/errors.ts'
import type { Traffic } from '../forward/traffic.ts'
import { ClientConnection } from './client-connection.ts'

export interface Address {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

export class Listener {
  readonly #traffic: Traffic
  readonly #server: net.Server
  readonly #connections: Set<ClientConnection> = new Set()

  constructor(traffic: Traffic) {
    this.#traffic = traffic
    this.#server = net.createServer({
      pauseOnConnect: true,
      allowHalfOpen: true,
      noDelay: true,
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /** @throws TopspinError LISTEN, with the system's error as cause, when the address cannot be had. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException): void => {
        const text = `cannot listen on ${address.host}:${address.port}: ${cause.message}`
        reject(new TopspinError('LISTEN', text, { side: 'proxy', phase: 'accept', cause }))
      }
      this.#server.once('error', failed)
      this.#server.listen({ host: address.host, port: address.port, backlog: 4_096 }, () => {
        this.#server.off('error', failed)
        this.#server.on('error', (error) => {
          this.#traffic.log.error({ reason: error.message }, 'cannot accept connections')
        })
        const bound = this.#server.address() as net.AddressInfo
        resolve({ host: bound.address, port: bound.port })
      })
    })
  }

  /** Serves a connection that somebody else has accepted; `first` is what was read from it. */
  take(socket: net.Socket, first: Buffer): void {
    this.#accept(socket)?.connection.feed(first)
  }

  #accept(socket: net.Socket): ClientConnection | undefined {
    const traffic = this.#traffic
    if (traffic.clients >= traffic.room.clients) {
      traffic.counters.connectionsRefused++
      socket.destroy()
      return undefined
    }
    traffic.clients++
    const accepted = new ClientConnection(socket, traffic, (gone) => {
      if (this.#connections.delete(gone)) traffic.clients--
      this.#onGone?.()
    })
    this.#connections.add(accepted)
    return accepted
  }

  #onGone: (() => void) | undefined

  /** No new connections; idle ones are closed; resolves when the others have ended. */
  async drain(): Promise<void> {
    this.#server.close()
    for (const connection of this.#connections) connection.drain()
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onGone = () => {
        if (this.#connections.size === 0) resolve()
      }
    })
  }

  close(): void {
    this.#server.close()
    for (const connection of this.#connections) connection.destroy()
  }
}
