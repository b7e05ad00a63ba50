// A server of this process as a member of the cluster: its requests are counted, its load is measured, and its responses
// have the load report header, without a change to its handlers. Made by join-cluster.ts.

import type { AddressInfo } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { afterPoll, waitUntil } from '../base/wait.ts'
import { isWildcard } from '../net/address.ts'
import { outlastProxies } from '../net/keep-alive.ts'
import type { Interception } from '../node-internals/intercept-events.ts'
import { stopListening } from '../node-internals/listen-handle.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import { defaultMetrics } from './default-metrics.ts'
import { Figures } from './figures.ts'
import { ignoreOffers } from './http2-offers.ts'
import { Http2Sessions, type JoinedServer } from './http2-server.ts'
import { InFlight } from './in-flight.ts'
import { LoadFactor, type Reading } from './load-factor.ts'
import type { LoadMetric } from './load-metric.ts'
import type { MemberServer, TargetFilter } from './member-server.ts'
import type { NodeOptions } from './options.ts'
import type { ServerFigures } from './server-figures.ts'
import type { Settings } from './settings.ts'

export class LocalServer implements MemberServer {
  readonly host: string | undefined
  readonly countsRequests = true
  readonly isDefaultLoad: boolean
  readonly load: LoadFactor
  readonly #server: JoinedServer
  readonly #sessions: Http2Sessions
  readonly #inFlight: InFlight
  readonly #offers: Interception | undefined
  readonly #figures: Figures
  readonly #metrics: readonly LoadMetric[]

  constructor(
    server: JoinedServer,
    { address }: AddressInfo,
    { load, log }: Settings,
    { metrics, capacity }: Pick<NodeOptions, 'metrics' | 'capacity'>,
  ) {
    this.host = isWildcard(address) ? undefined : address
    // A capacity is the administrator's word.
    this.isDefaultLoad = metrics === undefined && capacity === undefined
    this.#server = server
    this.#inFlight = new InFlight(server, systemClock)
    this.#sessions = new Http2Sessions(server)
    // Runs before the counting: a request that is parsed again is no upgrade.
    this.#offers = 'closeIdleConnections' in server ? ignoreOffers(server) : undefined
    this.#figures = new Figures(this.#inFlight, systemClock)
    this.#metrics = metrics ?? defaultMetrics(capacity)
    this.load = new LoadFactor(this.#metrics, load, log)
    if ('closeIdleConnections' in server) outlastProxies(server)
  }

  inFlight(filter?: TargetFilter): number {
    return filter === undefined ? this.#inFlight.count : this.#inFlight.countOf(filter)
  }

  upgraded(filter?: TargetFilter): number {
    return filter === undefined ? this.#inFlight.upgraded.size : this.#inFlight.upgradedOf(filter)
  }

  nextLoad(): number {
    return this.load.next(this.#figures.round())
  }

  get metrics(): readonly MetricValue[] {
    return this.load.metrics
  }

  get isListening(): boolean {
    return this.#server.listening
  }

  /** Reads the metrics, for `load.combine`. */
  readings(): Reading[] {
    return this.load.read(this.#figures.round())
  }

  /** Of this process at this moment. */
  get figures(): ServerFigures {
    return this.#figures.own
  }

  /** Of the other processes that serve the same port; counted in the load report of every response. */
  set others(figures: ServerFigures) {
    this.#inFlight.others = figures
  }

  /** Called every 100 ms, when the figures are new. */
  onFigures(changed: () => void): void {
    this.#figures.onStep = changed
  }

  /**
   * Finishes while other processes serve the same port: accepts no new connection, ends each connection with its next
   * response and idle ones after `idleMs`, and waits for the requests in hand until the deadline or the signal.
   */
  async finish(withinMs: number, upgraded: boolean, signal: AbortSignal): Promise<boolean> {
    this.stopped()
    stopListening(this.#server)
    const start = systemClock.now()
    let isSwept = false
    return waitUntil(
      async () => {
        if (!isSwept && systemClock.now() - start >= agentLimits.idleMs) {
          await this.#closeIdle()
          isSwept = true
        }
        const open = this.inFlight() + (upgraded ? this.upgraded() : 0)
        return open === 0 && (isSwept || this.#inFlight.connections === 0)
      },
      { withinMs, signal },
    )
  }

  /** From now on every response closes its connection, so that no idle connection outlives the node. */
  stopped(): void {
    this.#inFlight.closesConnections = true
  }

  /** Closes the server: idle connections at once, all others, upgraded ones included, after a second. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    await afterPoll()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await this.#closeIdle()
    const cut = setTimeout(() => {
      if ('closeAllConnections' in this.#server) this.#server.closeAllConnections()
      this.#sessions.closeAll()
      for (const socket of this.#inFlight.upgraded.keys()) socket.destroy()
    }, agentLimits.closeMs)
    await closed
    clearTimeout(cut)
  }

  /** A request that has arrived and is not read yet keeps its connection. */
  async #closeIdle(): Promise<void> {
    await afterPoll()
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections()
    this.#sessions.closeIdle()
  }

  /** Ends all counting and measuring; the server continues without the agent. */
  release(): void {
    this.#offers?.end()
    this.#sessions.release()
    this.#inFlight.close()
    this.#figures.close()
    for (const metric of this.#metrics) metric.close?.()
  }
}
