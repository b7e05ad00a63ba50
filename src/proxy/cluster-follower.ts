// Keeps the traffic of the front proxy in step with the cluster: live numbers, pools, routes and cascades when something
// changes, and at each tick what lasts for a time only: waits for a node, ejections, windows of load factors.

import { byLoadFactorWindowMs, recalculate } from '../candidacy/by-load-factor.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import { readmit } from '../cluster/outlier.ts'
import { Routes } from '../cluster/routes.ts'
import { applyChange, type Change, emptySnapshot, type Snapshot } from '../cluster/snapshot.ts'
import { Usual } from '../cluster/usual.ts'
import { makeCascades, type ProxySettings, type Traffic } from '../forward/index.ts'

export class ClusterFollower {
  readonly #traffic: Traffic
  readonly #ownsLive: boolean
  #snapshot: Snapshot = emptySnapshot
  /** What a request usually takes, by balancer. */
  #usual: ReadonlyMap<string, Usual> = new Map()
  /** Ticker time. */
  #windowEnds = 0

  /** @param ownsLive the live numbers belong to the proxy alone, so that it applies changes to them as well. */
  constructor(traffic: Traffic, ownsLive: boolean) {
    this.#traffic = traffic
    this.#ownsLive = ownsLive
  }

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
      this.#shareUsual()
      this.#renewRoutes()
    }
    this.#wakeWaiting(traffic.ticker.now)
  }

  /** @throws RangeError for a function that does not exist, a bad argument, or a module that was not loaded. */
  useCascades(
    rules: Pick<ProxySettings, 'candidacy' | 'balance'>,
    policies: ReadonlyMap<string, UserCandidacy>,
  ): void {
    const traffic = this.#traffic
    traffic.cascades = makeCascades(rules, { ...traffic, policies })
    this.#renewRoutes()
  }

  tick(now: number): void {
    this.#wakeWaiting(now)
    this.#endEjections(now)
    if (now < this.#windowEnds) return
    this.#windowEnds = now + byLoadFactorWindowMs
    this.#endWindows()
  }

  /** The owner of the live numbers notes when a node last reported; fixed nodes never report. */
  #noteReport(id: number): void {
    if (!this.#ownsLive || this.#snapshot.nodes.get(id)?.fixed !== false) return
    this.#traffic.live.of(id).statusAt = this.#traffic.clock.now()
  }

  /** The nodes of a balancer share one figure of what is usual among them. */
  #shareUsual(): void {
    const { balancers, nodes } = this.#snapshot
    const before = this.#usual
    this.#usual = new Map(
      [...balancers.keys()].map((name) => [name, before.get(name) ?? new Usual()]),
    )
    for (const { id, balancer } of nodes.values()) {
      const usual = this.#usual.get(balancer)
      if (usual !== undefined) this.#traffic.live.of(id).room.usual = usual
    }
  }

  #renewRoutes(): void {
    const traffic = this.#traffic
    traffic.routes = new Routes(this.#snapshot, traffic.live, traffic.settings)
    traffic.applicationCascades = traffic.cascades.forApplications(traffic.routes.applications)
  }

  #wakeWaiting(now: number): void {
    for (const exchange of this.#traffic.waiting) exchange.tryAgain(now)
  }

  #endEjections(now: number): void {
    for (const node of this.#snapshot.nodes.values()) {
      const live = this.#traffic.live.of(node.id)
      if (!readmit(live.outlier, now)) continue
      live.epoch++
      this.#traffic.log.info({ route: node.route }, 'node eligible again')
    }
  }

  #endWindows(): void {
    const { live } = this.#traffic
    for (const balancer of this.#snapshot.balancers.keys()) {
      const nodes = [...this.#snapshot.nodes.values()].filter((node) => node.balancer === balancer)
      recalculate(nodes.map((node) => live.of(node.id)))
    }
  }
}
