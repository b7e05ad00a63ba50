// The front proxy: its listeners, its traffic, and the cluster that it follows.

import type { Socket } from 'node:net'
import { acceptLimits } from '../base/limits.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { Change } from '../cluster/snapshot.ts'
import type { TrafficCounts } from '../cluster/traffic-counts.ts'
import {
  type ExplainQuestion,
  explainRequest,
  makeTraffic,
  type RequestExplanation,
  type Traffic,
  type TrafficOptions,
} from '../forward/index.ts'
import { NodeTls, type NodeTlsOptions } from '../net/node-tls.ts'
import type { TlsServerOptions } from '../net/tls-acceptor.ts'
import { ClientRoom } from './client-room.ts'
import { type ChoiceRules, ClusterFollower } from './cluster-follower.ts'
import { type Address, Listener, type SharedSocket, type SharedSockets } from './listener.ts'

export interface ProxyOptions extends TrafficOptions {
  readonly listen: readonly Address[]
  /** For the addresses with `tls`. */
  readonly tls?: TlsServerOptions | undefined
  /** For worker processes that share their listening sockets. Default: this process opens its own. */
  readonly sockets?: SharedSockets | undefined
}

export class ReverseProxy {
  readonly #traffic: Traffic
  readonly #cluster: ClusterFollower
  readonly #room: ClientRoom
  readonly #listen: readonly Address[]
  readonly #sockets: SharedSockets | undefined
  #tls: TlsServerOptions | undefined
  #listeners: readonly Listener[] = []

  constructor(options: ProxyOptions) {
    const { listen, tls, sockets, ...rest } = options
    this.#listen = listen
    this.#sockets = sockets
    this.#tls = tls
    this.#traffic = makeTraffic({ ...rest, nodesAllow: rest.nodesAllow ?? [] })
    this.#cluster = new ClusterFollower(this.#traffic, options.live === undefined)
    this.#room = new ClientRoom(this.#traffic)
    this.#traffic.ticker.onTick((now) => this.#cluster.tick(now))
  }

  /** Begins to accept. @throws TopspinError LISTEN, or Error of OpenSSL; then nothing is listening. */
  async listen(): Promise<readonly Address[]> {
    const listeners = this.#listen.map((address, index) => {
      const tls = address.tls === true ? requireTls(this.#tls) : undefined
      return new Listener(this.#traffic, this.#room, tls, this.#sharedSocket(index))
    })
    try {
      const bound = await Promise.all(
        this.#listen.map((address, index) => (listeners[index] as Listener).listen(address)),
      )
      this.#listeners = listeners
      this.#traffic.ticker.start()
      return bound
    } catch (error) {
      for (const listener of listeners) listener.close()
      throw error
    }
  }

  #sharedSocket(index: number): SharedSocket | undefined {
    const sockets = this.#sockets
    const copies = Math.floor(acceptLimits.furtherHandles / this.#listen.length)
    return sockets === undefined ? undefined : { sockets, index, copies }
  }

  /** Serves a connection that another listener has accepted; `first` was read from it. To be called after `listen`. */
  accept(socket: Socket, first: Buffer): void {
    const [listener] = this.#listeners
    if (listener === undefined) socket.destroy()
    else listener.accept(socket, first)
  }

  /** Puts changes of the cluster in force; requests in flight keep the routes that they began with. */
  apply(changes: readonly Change[]): void {
    this.#cluster.apply(changes)
  }

  /**
   * Puts other cascades and rules of sessions in force for new requests; those in flight keep their cascades.
   * @throws RangeError for a function that does not exist, a bad argument, or a module that was not loaded.
   */
  useCascades(rules: ChoiceRules, policies: ReadonlyMap<string, UserCandidacy> = new Map()): void {
    this.#cluster.useCascades(rules, policies)
  }

  /**
   * Uses other certificates for new connections; open ones keep theirs.
   * @throws Error of OpenSSL when they cannot be used; then nothing changes.
   */
  replaceTls(tls: TlsServerOptions | undefined, nodeTls: NodeTlsOptions | undefined): void {
    const next = new NodeTls(nodeTls)
    if (tls !== undefined) for (const listener of this.#listeners) listener.replaceTls(tls)
    this.#tls = tls
    this.#traffic.pools.nodeTls = next
  }

  /** Where a request would go now, and why. */
  explain(question: ExplainQuestion): RequestExplanation {
    return explainRequest(this.#traffic, question)
  }

  /** The live numbers by which nodes are chosen. */
  get live(): LiveTable {
    return this.#traffic.live
  }

  get counters(): TrafficCounts {
    return this.#traffic.counters
  }

  /** Open client connections. */
  get connections(): number {
    return this.#room.open
  }

  /** From now on responses end their connections (`Connection: close`); new connections are still accepted. */
  announceEnd(): void {
    this.#traffic.draining = true
  }

  /** Stops accepting, finishes requests in flight, then closes. @param deadlineMs after that the rest is cut. */
  async drain(deadlineMs: number): Promise<void> {
    this.#traffic.draining = true
    this.#traffic.ending = true
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs)
    })
    const drained = Promise.all(this.#listeners.map((listener) => listener.drain()))
    await Promise.race([drained, deadline])
    clearTimeout(timer)
    this.close()
    // What was cut closes now, and its lines of the access log are written.
    await drained
  }

  /** Cuts everything. */
  close(): void {
    for (const listener of this.#listeners) listener.close()
    this.#traffic.pools.close()
    this.#traffic.ticker.stop()
  }
}

function requireTls(tls: TlsServerOptions | undefined): TlsServerOptions {
  if (tls === undefined) throw new RangeError('an address with tls needs the option tls')
  return tls
}
