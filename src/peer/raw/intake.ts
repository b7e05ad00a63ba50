// Takes the connections of a joined server before Node.js's HTTP server does, so that its parser and its objects
// are spared for what another peer serves. The server's own ways to end connections find these, too. Where
// this Node.js, or what somebody has made of the server, does not allow it, all is left to wrap-server.ts.

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
import type { HandOver } from '../parsed/hand-over.ts'
import { type ConnectionOwner, PeerConnection, type ServerTimeouts } from './peer-connection.ts'

/** @returns how to take it back: connections are left to the server from then on. */
export function takeConnections(server: Server | HttpsServer, handOver: HandOver): () => void {
  const listener = connectionListenerOf(server)
  if (listener === undefined || !probeResponseUnderWay()) return () => {}
  const intake = new Intake(server as Server, listener, handOver)
  return () => intake.end()
}

class Intake {
  readonly #server: Server
  readonly #listener: ConnectionListener
  readonly #handOver: HandOver
  readonly #owner: ConnectionOwner
  readonly #connections: Set<PeerConnection> = new Set()
  /** Given back between requests before the server has seen one; with what had been read of each until then. */
  readonly #unseen: Map<Socket, number> = new Map()
  readonly #restoreClosing: () => void
  #isOver = false

  constructor(server: Server, listener: ConnectionListener, handOver: HandOver) {
    this.#server = server
    this.#listener = listener
    this.#handOver = handOver
    this.#owner = this.#makeOwner()
    handOver.watch(this.#connections)
    const { closeIdleConnections, closeAllConnections } = server
    const ours = {
      closeIdleConnections: () => this.#closeIdle(() => closeIdleConnections.call(server)),
      closeAllConnections: () => {
        for (const connection of this.#connections) connection.destroy()
        closeAllConnections.call(server)
      },
    }
    Object.assign(server, ours)
    replaceListener(server, listener, this.#accept)
    this.#restoreClosing = () => {
      if (server.closeIdleConnections === ours.closeIdleConnections) {
        server.closeIdleConnections = closeIdleConnections
      }
      if (server.closeAllConnections === ours.closeAllConnections) {
        server.closeAllConnections = closeAllConnections
      }
    }
  }

  /** What is under way goes on, and is the server's after that. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const connection of this.#connections) connection.giveBack()
    this.#whenEmpty()
  }

  /** While exchanges are under way, the server's ways to end connections must still find them. */
  #whenEmpty(): void {
    if (!this.#isOver || this.#connections.size > 0) return
    if (this.#server.listeners('connection').includes(this.#accept)) {
      replaceListener(this.#server, this.#accept, this.#listener)
    }
    if (this.#unseen.size === 0) this.#restoreClosing()
  }

  /** Its parser takes a connection for busy until it has read a request, and would keep the server from closing. */
  #watchUnseen(socket: Socket): void {
    this.#unseen.set(socket, socket.bytesRead)
    socket.once('close', () => {
      this.#unseen.delete(socket)
      this.#whenEmpty()
    })
  }

  readonly #accept = (socket: Socket): void => {
    const lines = this.#takes(socket) ? this.#handOver.linesOf(socket) : undefined
    if (lines === undefined) Reflect.apply(this.#listener, this.#server, [socket])
    else this.#connections.add(new PeerConnection(socket, lines, this.#owner))
  }

  /** Where nothing is handed over, and where the server counts requests itself, we would only be in the way. */
  #takes(socket: Socket): boolean {
    const { maxRequestsPerSocket } = this.#server
    if (this.#isOver || this.#handOver.isOff || (maxRequestsPerSocket ?? 0) > 0) return false
    return isUntouched(socket)
  }

  #closeIdle(close: () => void): void {
    for (const [socket, read] of this.#unseen) {
      if (socket.bytesRead === read && socket.writableLength === 0) socket.destroy()
    }
    const connections = [...this.#connections]
    for (const connection of connections) if (connection.isKeptOpen) connection.drain()
    sparing(
      connections.filter((connection) => connection.looksIdle).map(({ socket }) => socket),
      close,
    )
  }

  #makeOwner(): ConnectionOwner {
    const intake = this
    const handOver = this.#handOver
    return {
      traffic: handOver.traffic,
      server: this.#server,
      listener: this.#listener,
      timeouts: timeoutsOf(this.#server),
      get application() {
        return handOver.application
      },
      get isOver() {
        return intake.#isOver
      },
      decide: (head, client) => handOver.decide(head, client),
      another: (head, client, tried) => handOver.another(head, client, tried),
      handed: () => {
        handOver.counts.handed++
      },
      unseen: (socket) => this.#watchUnseen(socket),
      gone: (connection) => {
        this.#connections.delete(connection)
        this.#whenEmpty()
      },
    }
  }
}

/** As the server has them now: an application may change them at any time. 0 is no limit. */
function timeoutsOf(server: Server): ServerTimeouts {
  const limit = (ms: number): number => (ms > 0 ? ms : Number.POSITIVE_INFINITY)
  return {
    get headMs() {
      return limit(server.headersTimeout)
    },
    get idleMs() {
      // Node.js waits this much longer than it says, too.
      return limit(server.keepAliveTimeout) + 1_000
    },
    get requestMs() {
      return limit(server.requestTimeout)
    },
  }
}
