// Gives the cluster to other proxies (Envoy, HAProxy): passes on what changes, once enough is known. Made by start-serving.ts.

import type { Clock } from '../../base/clock.ts'
import { engineLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import { type ServedApplication, servedApplications } from '../../cluster/served.ts'
import type { Change, Snapshot } from '../../cluster/snapshot.ts'
import type { TlsMaterial } from '../../config/tls-files.ts'
import type { EngineReport } from '../../control/engine-report.ts'
import type { ServedCluster } from '../served-cluster.ts'
import type { Engine } from './engine.ts'
import { takesAway } from './takes-away.ts'

interface EnginesOptions {
  readonly cluster: Pick<ServedCluster, 'registry' | 'live'>
  readonly clock: Clock
  /** Whether contexts are found under their own aliases only. */
  useAlias(): boolean
  /** How long nodes have to report after a start that knew none, ms. */
  readonly learnMs: number
}

/** Reads the cluster as it is now. */
export type ReadCluster = () => readonly ServedApplication[]

export class Engines {
  readonly #options: EnginesOptions
  readonly #closed = new AbortController()
  readonly #engines: Engine[] = []
  /** The cluster before the next changes. */
  #seen: Snapshot
  #isStarted = false

  constructor(options: EnginesOptions) {
    this.#options = options
    this.#seen = options.cluster.registry.snapshot
  }

  readonly read: ReadCluster = () => {
    const { cluster, useAlias } = this.#options
    return servedApplications(cluster.registry.snapshot, cluster.live, useAlias())
  }

  add(engine: Engine): void {
    this.#engines.push(engine)
  }

  get isEmpty(): boolean {
    return this.#engines.length === 0
  }

  /**
   * Starts them once the cluster is known: with the nodes of the state file, of the shared registry or of the process
   * before; else when nodes have had the time to report. An empty cluster is never given at a start: it would take all
   * nodes away from proxies that serve.
   */
  async start(): Promise<void> {
    const { cluster, clock, learnMs } = this.#options
    const { registry } = cluster
    const knownAt = clock.now() + (registry.snapshot.nodes.size > 0 ? 0 : learnMs)
    while (registry.snapshot.nodes.size === 0 || clock.now() < knownAt) {
      await pause(engineLimits.lookMs, this.#closed.signal)
      if (this.#closed.signal.aborted) return
    }
    this.#isStarted = true
    for (const engine of this.#engines) engine.start()
  }

  /**
   * The cluster has changed. Resolves when the engines need not be waited for any more.
   * @param changes of the registry; none for a changed health.
   */
  async changed(changes: readonly Change[]): Promise<void> {
    const before = this.#seen
    this.#seen = this.#options.cluster.registry.snapshot
    if (!this.#isStarted) return
    const isUrgent = takesAway(before, changes)
    await Promise.all(this.#engines.map((engine) => engine.changed(isUrgent)))
  }

  /** Certificates in force are others. */
  useTls(tls: TlsMaterial): void {
    for (const engine of this.#engines) engine.useTls?.(tls)
  }

  readonly reports = (): readonly EngineReport[] =>
    this.#engines.flatMap((engine) => engine.reports())

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all(this.#engines.map((engine) => engine.close()))
  }
}
