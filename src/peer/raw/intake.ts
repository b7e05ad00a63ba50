// Hands over requests of an HTTP server whose connections we read before its parser does, so that the parser and its
// objects are spared for what a peer serves. The server's own methods that end connections find these connections too.
// Where this Node.js, or a change to the server, does not allow it, parsed/ hands over alone.

import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import {
  type ConnectionListener,
  connectionListenerOf,
  replaceListener,
} from '../../node-internals/connection-listener.ts'
import { isUntouched } from '../../node-internals/http-parser.ts'
import { probeResponseUnderWay, sparing } from '../../node-internals/response-under-way.ts'
import type { HandOver } from '../hand-over/hand-over.ts'
import type { HandingOver } from '../hand-over/under-way.ts'
import { type JoinedServer, type ServerTimeouts, SharedConnection } from './shared-connection.ts'

/** @returns how to end it: the server gets its connections from then on. */
export function interceptConnections(server: Server | HttpsServer, handOver: HandOver): () => void {
  const listener = connectionListenerOf(server)
  if (listener === undefined || !probeResponseUnderWay()) return () => {}
  const intake = new Intake(server as Server, listener, handOver)
  return () => intake.end()
}

class Intake implements HandingOver, JoinedServer {
  readonly server: Server
  readonly listener: ConnectionListener
  readonly handOver: HandOver
  readonly timeouts: ServerTimeouts
  readonly #connections: Set<SharedConnection> = new Set()
  /** Connections that the server got before its parser read a request; with `bytesRead` at that time. */
  readonly #unseen: Map<Socket, number> = new Map()
  readonly #restoreMethods: () => void
  #isOver = false

  constructor(server: Server, listener: ConnectionListener, handOver: HandOver) {
    this.server = server
    this.listener = listener
    this.handOver = handOver
    this.timeouts = timeoutsOf(server)
    this.#restoreMethods = this.#replaceMethods()
    replaceListener(server, listener, this.#accept)
    handOver.underWay.add(this)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Exchanges under way go on; the server gets their connections after that. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const connection of this.#connections) connection.release()
    this.#restoreWhenEmpty()
  }

  get count(): number {
    let count = 0
    for (const connection of this.#connections) if (connection.isHandingOver) count++
    return count
  }

  abandonPeer(id: number): void {
    for (const connection of this.#connections) connection.abandonPeer(id)
  }

  abandonAll(): void {
    for (const connection of this.#connections) connection.abandon()
  }

  cutPeer(id: number): void {
    for (const connection of [...this.#connections]) connection.cutPeer(id)
  }

  /** A parser counts a connection as busy until it has read a request, and would keep the server from closing. */
  releasedUnseen(socket: Socket): void {
    this.#unseen.set(socket, socket.bytesRead)
    socket.once('close', () => {
      this.#unseen.delete(socket)
      this.#restoreWhenEmpty()
    })
  }

  closed(connection: SharedConnection): void {
    this.#connections.delete(connection)
    this.#restoreWhenEmpty()
  }

  readonly #accept = (socket: Socket): void => {
    const lines = this.#canRead(socket) ? this.handOver.marks.linesFor(socket) : undefined
    if (lines === undefined) Reflect.apply(this.listener, this.server, [socket])
    else this.#connections.add(new SharedConnection(socket, lines, this))
  }

  #canRead(socket: Socket): boolean {
    if (this.#isOver || this.handOver.policy.isOff) return false
    // With this limit the server must count every request itself.
    if ((this.server.maxRequestsPerSocket ?? 0) > 0) return false
    return isUntouched(socket)
  }

  /** @returns how to restore them, unless they have been replaced again. */
  #replaceMethods(): () => void {
    const { server } = this
    const { closeIdleConnections, closeAllConnections } = server
    const ours = {
      closeIdleConnections: () => this.#closeIdle(() => closeIdleConnections.call(server)),
      closeAllConnections: () => {
        for (const connection of this.#connections) connection.destroy()
        closeAllConnections.call(server)
      },
    }
    Object.assign(server, ours)
    return () => {
      if (server.closeIdleConnections === ours.closeIdleConnections) {
        server.closeIdleConnections = closeIdleConnections
      }
      if (server.closeAllConnections === ours.closeAllConnections) {
        server.closeAllConnections = closeAllConnections
      }
    }
  }

  #closeIdle(close: () => void): void {
    for (const [socket, read] of this.#unseen) {
      if (socket.bytesRead === read && socket.writableLength === 0) socket.destroy()
    }
    const connections = [...this.#connections]
    for (const connection of connections) if (connection.isKeptAlive) connection.drain()
    const busy = connections.filter((connection) => connection.looksIdle)
    sparing(
      busy.map(({ socket }) => socket),
      close,
    )
  }

  /** While exchanges are under way, the server's methods must still find their connections. */
  #restoreWhenEmpty(): void {
    if (!this.#isOver || this.#connections.size > 0) return
    if (this.server.listeners('connection').includes(this.#accept)) {
      replaceListener(this.server, this.#accept, this.listener)
    }
    if (this.#unseen.size === 0) this.#restoreMethods()
  }
}

/** Read at each use, because an application may change them at any time. 0 means no timeout. */
function timeoutsOf(server: Server): ServerTimeouts {
  const limit = (ms: number): number => (ms > 0 ? ms : Number.POSITIVE_INFINITY)
  return {
    get headMs() {
      return limit(server.headersTimeout)
    },
    get idleMs() {
      // Node.js waits a second longer than this setting says.
      return limit(server.keepAliveTimeout) + 1_000
    },
    get requestMs() {
      return limit(server.requestTimeout)
    },
  }
}
