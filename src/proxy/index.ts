// The door of the data plane: a reverse proxy that forwards what the cluster's snapshot says.

import type { Socket } from 'node:net'
import { acceptLimits } from '../base/limits.ts'
import { byLoadFactorWindowMs, recalculate } from '../candidacy/by-load-factor.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import type { LiveTable } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import { release } from '../cluster/outlier.ts'
import { Routes } from '../cluster/routes.ts'
import { applyChange, type Change, emptySnapshot, type Snapshot } from '../cluster/snapshot.ts'
import type { TrafficCounts } from '../cluster/traffic-counts.ts'
import {
  type ExplainQuestion,
  explainRequest,
  makeCascades,
  makeTraffic,
  type ProxySettings,
  type RequestExplanation,
  type Traffic,
  type TrafficOptions,
} from '../forward/index.ts'
import type { CopyHandle } from '../net/accept-handles.ts'
import { NodeTls, type NodeTlsOptions } from '../net/node-tls.ts'
import type { TlsServerOptions } from '../net/tls-acceptor.ts'
import { type Address, type FurtherHandles, Listener } from './listener.ts'

export {
  type AccessEntry,
  type AccessLog,
  defaultSettings,
  defaultTimeouts,
  loadPolicies,
  newPseudonym,
  type ProxySettings,
  type Timeouts,
} from '../forward/index.ts'
export type { Address } from './listener.ts'

export interface ProxyOptions extends TrafficOptions {
  readonly listen: readonly Address[]
  /** For the addresses with `tls`. */
  readonly tls?: TlsServerOptions | undefined
  /** For a process that has somebody to ask: more connections are accepted at a time while many wait. */
  readonly copyHandle?: CopyHandle | undefined
}

export class ReverseProxy {
  readonly #traffic: Traffic
  readonly #listen: readonly Address[]
  readonly #copyHandle: CopyHandle | undefined
  #tls: TlsServerOptions | undefined
  /** The live numbers are the proxy's own, so it applies the changes to them, too. */
  readonly #ownsLive: boolean
  #listeners: readonly Listener[] = []
  #snapshot: Snapshot = emptySnapshot
  #windowEnds = 0

  constructor(options: ProxyOptions) {
    this.#ownsLive = options.live === undefined
    const { listen, tls, copyHandle, ...rest } = options
    this.#listen = listen
    this.#copyHandle = copyHandle
    this.#tls = tls
    this.#traffic = makeTraffic(rest)
    this.#traffic.ticker.onTick((now) => this.#tick(now))
  }

  /** Begins to accept. @throws TopspinError LISTEN, or Error of OpenSSL; then nothing is listening. */
  async listen(): Promise<readonly Address[]> {
    const further = this.#further()
    const listeners = this.#listen.map(
      ({ tls }) => new Listener(this.#traffic, tls ? requireTls(this.#tls) : undefined, further),
    )
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

  #further(): FurtherHandles | undefined {
    const count = Math.floor(acceptLimits.furtherHandles / this.#listen.length)
    const copy = this.#copyHandle
    return copy === undefined || count === 0 ? undefined : { copy, count }
  }

  /**
   * Other certificates for what begins from now on; connections that stand are left alone.
   * @throws Error of OpenSSL when they cannot be used; then nothing changes.
   */
  replaceTls(tls: TlsServerOptions | undefined, nodeTls: NodeTlsOptions | undefined): void {
    const next = new NodeTls(nodeTls)
    if (tls !== undefined) for (const listener of this.#listeners) listener.replaceTls(tls)
    this.#tls = tls
    this.#traffic.pools.nodeTls = next
  }

  /** Serves a connection that somebody else has accepted, once this listens; `first` is what was read from it. */
  take(socket: Socket, first: Buffer): void {
    const [listener] = this.#listeners
    if (listener === undefined) socket.destroy()
    else listener.take(socket, first)
  }

  /** Puts changes of the cluster in force; requests under way keep what they began with. */
  apply(changes: readonly Change[]): void {
    const traffic = this.#traffic
    if (this.#ownsLive) applyToLive(traffic.live, changes, this.#snapshot)
    for (const change of changes) {
      if (change.kind === 'load') this.#noteReport(change.id)
      this.#snapshot = applyChange(this.#snapshot, change)
      if (change.kind === 'gone') traffic.pools.drop(change.id)
      else if (change.kind === 'node' && change.node.removal !== 'none') {
        traffic.pools.drop(change.node.id)
      }
    }
    if (changes.some((change) => change.kind !== 'load')) {
      this.#renewRoutes()
    }
    this.#wakeWaiting(traffic.ticker.now)
  }

  /** Where a request would go now, and why. */
  explain(question: ExplainQuestion): RequestExplanation {
    return explainRequest(this.#traffic, question)
  }

  /**
   * Puts other cascades in force for the requests that come from now on; those under way keep theirs.
   * @throws RangeError for a function that does not exist, a bad argument, or a module that was not loaded.
   */
  useCascades(
    rules: Pick<ProxySettings, 'candidacy' | 'balance'>,
    policies: ReadonlyMap<string, UserCandidacy> = new Map(),
  ): void {
    const traffic = this.#traffic
    traffic.cascades = makeCascades(rules, { ...traffic, policies })
    this.#renewRoutes()
  }

  /** Whoever owns the live numbers knows when a node last reported; fixed nodes never do. */
  #noteReport(id: number): void {
    if (!this.#ownsLive || this.#snapshot.nodes.get(id)?.fixed !== false) return
    this.#traffic.live.of(id).statusAt = this.#traffic.clock.now()
  }

  /** The live numbers by which it chooses. */
  get live(): LiveTable {
    return this.#traffic.live
  }

  get counters(): TrafficCounts {
    return this.#traffic.counters
  }

  get connections(): number {
    return this.#traffic.clients
  }

  /** Accepts nothing more, answers what is under way, then ends. @param deadlineMs after that what is left is cut. */
  async drain(deadlineMs: number): Promise<void> {
    this.#traffic.draining = true
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs)
    })
    await Promise.race([Promise.all(this.#listeners.map((listener) => listener.drain())), deadline])
    clearTimeout(timer)
    this.close()
  }

  /** Cuts everything. */
  close(): void {
    for (const listener of this.#listeners) listener.close()
    this.#traffic.pools.close()
    this.#traffic.ticker.stop()
  }

  #renewRoutes(): void {
    const traffic = this.#traffic
    traffic.routes = new Routes(this.#snapshot, traffic.live, {
      useAlias: traffic.settings.useAlias,
      cascadeOf: (path) => traffic.cascades.numberBelow(path),
    })
  }

  #tick(now: number): void {
    this.#wakeWaiting(now)
    this.#releaseEjected(now)
    if (now < this.#windowEnds) return
    this.#windowEnds = now + byLoadFactorWindowMs
    const { live } = this.#traffic
    for (const balancer of this.#snapshot.balancers.keys()) {
      const nodes = [...this.#snapshot.nodes.values()].filter((node) => node.balancer === balancer)
      recalculate(nodes.map((node) => live.of(node.id)))
    }
  }

  #releaseEjected(now: number): void {
    for (const node of this.#snapshot.nodes.values()) {
      const live = this.#traffic.live.of(node.id)
      if (!release(live.outlier, now)) continue
      live.joining = true
      this.#traffic.log.info({ route: node.route }, 'node is chosen again')
    }
  }

  #wakeWaiting(now: number): void {
    for (const exchange of this.#traffic.waiting) exchange.tryAgain(now)
  }
}

function requireTls(tls: TlsServerOptions | undefined): TlsServerOptions {
  if (tls === undefined) throw new RangeError('an address with tls needs the option tls')
  return tls
}

/** @throws RangeError for a candidacy function or a trusted network that does not exist. */
export function createProxy(options: ProxyOptions): ReverseProxy {
  return new ReverseProxy(options)
}
