// Keeps the traffic of the front proxy in step with the cluster: live numbers, pools, routes and cascades when something
// changes, and at each tick what lasts for a time only: waits for a node, ejections, windows of load factors.

import { byLoadFactorWindowMs, recalculate } from '../candidacy/by-load-factor.ts'
import type { NodeLive } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import type { Node } from '../cluster/node.ts'
import { readmit } from '../cluster/outlier.ts'
import { Routes } from '../cluster/routes.ts'
import { SlowStarts } from '../cluster/slow-starts.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import { Usual } from '../cluster/usual.ts'
import type { Traffic } from '../forward/index.ts'

export class ClusterFollower {
  readonly #traffic: Traffic
  readonly #ownsLive: boolean
  /** The usual service time, by balancer. */
  readonly #usual: Map<string, Usual> = new Map()
  readonly #slowStarts: SlowStarts = new SlowStarts()
  /** Ticker time. */
  #windowEnds = 0
  /** Waiting requests are not woken before this, ms of the clock. */
  #wakesAt = Number.NEGATIVE_INFINITY

  /** @param ownsLive the live numbers belong to the proxy alone, so that it applies changes to them as well. */
  constructor(traffic: Traffic, ownsLive: boolean) {
    this.#traffic = traffic
    this.#ownsLive = ownsLive
  }

  get #snapshot(): Snapshot {
    return this.#traffic.routes.snapshot
  }

  apply(changes: readonly Change[]): void {
    const traffic = this.#traffic
    if (this.#ownsLive) applyToLive(traffic.live, changes, traffic.routes.snapshot)
    if (changes.some((change) => change.kind !== 'load'))
      traffic.routes = traffic.routes.after(changes, traffic.live)
    for (const change of changes) {
      if (change.kind === 'load') this.#noteReport(change.id)
      if (change.kind === 'gone') {
        traffic.pools.drop(change.id)
        this.#slowStarts.forget(change.id)
      }
      if (change.kind === 'balancer-gone') this.#usual.delete(change.name)
      if (change.kind !== 'node') continue
      this.#shareUsual(change.node)
      this.#slowStarts.follow(change.node)
      if (change.node.removal !== 'none') traffic.pools.drop(change.node.id)
    }
    this.#wakeWaiting(traffic.ticker.now)
  }

  /** Other settings are in force: makes the routes anew. */
  settingsReplaced(): void {
    const traffic = this.#traffic
    traffic.routes = Routes.of(traffic.routes.snapshot, traffic.live, traffic.settings)
  }

  tick(now: number): void {
    this.#wakeWaiting(now)
    this.#traffic.queues.tick(now)
    this.#slowStarts.tick(this.#traffic.live, this.#traffic.clock.now())
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

  /** The nodes of a balancer share one usual service time. */
  #shareUsual({ id, balancer }: Node): void {
    const usual = this.#usual.get(balancer) ?? new Usual()
    this.#usual.set(balancer, usual)
    this.#traffic.live.of(id).room.usual = usual
  }

  /** At most for a tenth of the time: each of many requests may look at thousands of nodes, at each of many changes. */
  #wakeWaiting(now: number): void {
    const { waiting, clock } = this.#traffic
    if (waiting.size === 0) return
    const begun = clock.now()
    if (begun < this.#wakesAt) return
    for (const exchange of waiting) exchange.tryAgain(now)
    this.#wakesAt = begun + 10 * (clock.now() - begun)
  }

  #endEjections(now: number): void {
    for (const [id, live] of this.#traffic.live.rows()) {
      if (!readmit(live.outlier, now)) continue
      live.epoch++
      this.#traffic.log.info({ route: this.#snapshot.nodes.get(id)?.route }, 'node eligible again')
    }
  }

  #endWindows(): void {
    const { live } = this.#traffic
    const byBalancer = new Map<string, NodeLive[]>()
    for (const { id, balancer } of this.#snapshot.nodes.unordered()) {
      const group = byBalancer.get(balancer) ?? []
      byBalancer.set(balancer, group)
      group.push(live.of(id))
    }
    for (const group of byBalancer.values()) recalculate(group)
  }
}
