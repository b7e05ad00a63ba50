// The registry of the cluster together with all that follows its changes: live numbers, traffic and state file. Made
// by start-serving.ts.

import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { type Clock, systemClock } from '../base/clock.ts'
import { fixedLimits, mcmpLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { changesFrom } from '../cluster/changes-from.ts'
import { LiveTable } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import { applyFact, factOf, type LiveFact } from '../cluster/live-facts.ts'
import type { Node } from '../cluster/node.ts'
import { wholeShare } from '../cluster/process-share.ts'
import type { RegistryLimits } from '../cluster/registry/facts.ts'
import type { FixedNode } from '../cluster/registry/fixed.ts'
import { Registry } from '../cluster/registry.ts'
import { markRestored, withoutIdleBalancers, withoutNodes } from '../cluster/restored.ts'
import { type Change, emptySnapshot, type Snapshot } from '../cluster/snapshot.ts'
import { fixedNodesOf, placedIn } from '../config/fixed-nodes.ts'
import type { Config } from '../config/schema.ts'
import { sourceName } from '../config/source-settings.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import { ClusterLog } from '../control/cluster-log.ts'
import type { SourceReport } from '../control/source-report.ts'
import { addressCheck } from '../net/node-addresses.ts'
import type { DataPlane } from './data-plane.ts'
import { NodeSources } from './sources/node-sources.ts'
import { sourceOf } from './sources/source-of.ts'
import { StateFile } from './state-file.ts'

/** A process that serves clients of the same proxy, and has the nodes from this one. */
interface Follower {
  changes(changes: readonly Change[]): void
  facts(facts: readonly LiveFact[]): void
}

/** What keeps the registry equal to that of other proxies. */
interface Shared {
  start(): void
  stop(): Promise<void>
}

/** Other proxies that are given the cluster. */
interface Followers {
  changed(changes: readonly Change[]): Promise<void>
  useTls(tls: TlsMaterial): void
  close(): Promise<void>
}

export class ServedCluster {
  readonly registry: Registry
  /** See `RegistryOptions`. */
  readonly runId: string
  follower: Follower | undefined
  /** Called after changes of the registry. */
  onChanges: (changes: readonly Change[]) => void = () => {}
  readonly live: LiveTable
  /** undefined: the registry is this proxy's own. */
  shared: Shared | undefined
  /** undefined: this proxy's own traffic is all. */
  engines: Followers | undefined
  /** undefined: the registry is lost at a restart. */
  state: StateFile | undefined
  readonly #sources: NodeSources
  /** Since the sources were read for the first time. */
  #fixed: Fixed | undefined
  #paused: Fixed | undefined
  readonly #log: Logger
  readonly #clock: Clock = systemClock
  readonly #clusterLog: ClusterLog
  #isAllowed: (host: string, address: string) => boolean

  /**
   * @param carriesTraffic whether this process forwards requests, and not its workers.
   * @param runId of the process that this one continues.
   */
  constructor({ control, state }: Config, carriesTraffic: boolean, log: Logger, runId?: string) {
    this.live = new LiveTable(wholeShare, carriesTraffic)
    this.#log = log
    // Microseconds, as httpd counts them: a different number after each start.
    this.runId = runId ?? String(Math.round(this.#clock.wall() * 1_000))
    this.#clusterLog = new ClusterLog(log, this.#clock)
    this.#isAllowed = addressCheck(control.nodes.allow)
    this.#sources = new NodeSources({
      log,
      clock: this.#clock,
      make: sourceOf,
      onChange: () => this.#onSources(),
    })
    this.registry = new Registry({
      runId: this.runId,
      waitBeforeRemoveMs: control.removeAfter,
      limits: limitsOf(control),
    })
    this.state = this.#stateFile(state)
  }

  #stateFile(path: string | undefined): StateFile | undefined {
    if (path === undefined) return undefined
    const state = (): readonly Change[] => changesFrom(this.registry.snapshot, this.live)
    return new StateFile({ path, state, log: this.#log })
  }

  /** Puts other limits in force, and writes the state to another file. @param changes of the reload, to be saved. */
  async reload({ control, state }: Config, changes: readonly Change[]): Promise<void> {
    this.#isAllowed = addressCheck(control.nodes.allow)
    this.registry.useLimits(limitsOf(control), control.removeAfter)
    this.follower?.changes(changes)
    void this.engines?.changed(changes)
    const before = this.state
    if (state === before?.path) return before?.keep(changes)
    this.state = this.#stateFile(state)
    await before?.close()
    // What the other file holds is of an earlier run.
    this.state?.load()
    await this.state?.start()
  }

  /** Puts changes in force in the traffic, and saves them. */
  async enforce(changes: readonly Change[], plane: DataPlane): Promise<void> {
    if (changes.length > 0) this.follower?.changes(changes)
    this.onChanges(changes)
    await Promise.all([
      plane.apply(changes),
      this.state?.keep(changes),
      this.engines?.changed(changes),
    ])
  }

  /** Of all contexts of registered nodes. */
  *aliases(): Iterable<string> {
    const { contexts } = this.registry.snapshot
    for (const rows of contexts.values()) for (const { alias } of rows) yield alias
  }

  /** Puts changes in force that another proxy has made. @param by its name; '' for loads, which are not logged. */
  async adopt(
    before: Snapshot,
    changes: readonly Change[],
    by: string,
    plane: DataPlane,
  ): Promise<void> {
    if (changes.length === 0) return
    if (by !== '')
      this.#clusterLog.report(before, this.registry.snapshot, changes, {
        by: 'other proxy',
        proxy: by,
      })
    this.#clusterLog.reportLoads(before, this.live, changes)
    applyToLive(this.live, changes, before)
    await this.enforce(changes, plane)
  }

  /** Whether nodes may be at this host; names are checked at each connection. */
  isAllowed(host: string): boolean {
    return isIP(host) === 0 || this.#isAllowed(host, host)
  }

  /** A node is down, up, silent or reports again; `live` has its new state. */
  notify(id: number, plane: DataPlane): void {
    this.follower?.facts([factOf(id, this.live.of(id))])
    plane.notify(id)
    void this.engines?.changed([])
  }

  /** Puts changes in force that the process with the registry has made. */
  async follow(changes: readonly Change[], plane: DataPlane): Promise<void> {
    const { registry, live } = this
    const before = registry.snapshot
    const applied = registry.restore(changes, this.#clock.now())
    applyToLive(live, applied, before)
    this.follower?.changes(applied)
    await plane.apply(applied)
  }

  /** Puts facts in force that the process with the registry has found. */
  learn(facts: readonly LiveFact[], plane: DataPlane): void {
    for (const fact of facts) {
      if (!this.registry.snapshot.nodes.has(fact.id)) continue
      const row = this.live.of(fact.id)
      const before = factOf(fact.id, row)
      applyFact(row, fact, this.#clock.now())
      if (!isDeepStrictEqual(before, fact)) this.notify(fact.id, plane)
    }
  }

  /** The registry is this process's from now on, with the fixed nodes of its own configuration. */
  async takeOver(facts: readonly LiveFact[], config: Config, plane: DataPlane): Promise<void> {
    this.learn(facts, plane)
    const now = this.#clock.now()
    for (const { id, fixed } of this.registry.snapshot.nodes.values()) {
      const row = this.live.of(id)
      // The load factor of a fixed node is its weight: no report is due.
      if (!fixed && row.loadFactor !== undefined) row.statusAt = now
    }
    this.#probeDownAt(now)
    this.#fixed = { config, plane }
    await this.enforce(this.setFixedNodes(config), plane)
    this.state?.adopt()
  }

  /** Changes nothing and writes nothing more: another process is about to have the registry. */
  async pause(): Promise<void> {
    this.#paused = this.#fixed
    this.#fixed = undefined
    // The other process probes them, and tells when they are up.
    this.#probeDownAt(Number.POSITIVE_INFINITY)
    await this.shared?.stop()
    await this.state?.close()
  }

  /** The registry is this process's again. */
  async resume(): Promise<void> {
    this.#fixed = this.#paused
    this.#probeDownAt(this.#clock.now())
    this.#onSources()
    this.state = this.#stateFile(this.state?.path)
    this.state?.adopt()
    await this.state?.start()
    this.shared?.start()
  }

  /** When the nodes that are down are probed again, monotonic ms. */
  #probeDownAt(probeAt: number): void {
    for (const id of this.registry.snapshot.nodes.ids()) {
      const row = this.live.of(id)
      if (row.health.kind === 'down') row.health = { ...row.health, probeAt }
    }
  }

  /** Gives the nodes that this process alone has found down another try after a while: it probes no more. */
  tryAgain(plane: DataPlane): void {
    const now = this.#clock.now()
    for (const id of this.registry.snapshot.nodes.ids()) {
      const row = this.live.of(id)
      if (row.health.kind !== 'down' || now < row.health.probeAt) continue
      applyFact(row, { id, silent: row.silent }, now)
      this.notify(id, plane)
    }
  }

  /** Puts the state that an earlier run saved in force. */
  async restore(plane: DataPlane): Promise<void> {
    const { registry, live } = this
    const saved = withoutIdleBalancers(withoutNodes(this.state?.load() ?? [], this.#isRefused))
    const changes = registry.restore(saved, this.#clock.now())
    applyToLive(live, changes, emptySnapshot)
    markRestored(registry.snapshot, live, this.#clock.now())
    await plane.apply(changes)
    if (changes.length > 0)
      this.#log.info({ nodes: registry.snapshot.nodes.size }, 'state restored')
  }

  /** Whether a node may not be where it was: names are checked at each connection, addresses when they register. */
  readonly #isRefused = ({ route, host, fixed }: Node): boolean => {
    if (fixed || this.isAllowed(host)) return false
    this.#log.warn({ route, host }, 'node of the state file left out: its address is not allowed')
    return true
  }

  /** Whether these fixed nodes, in place of the present ones, would leave no node that serves requests. */
  async wouldBeEmpty(next: Config['to']): Promise<boolean> {
    if (next.some(({ address }) => address !== undefined)) return false
    const { nodes, contexts } = this.registry.snapshot
    const present = [...nodes.values()].filter(({ removal }) => removal === 'none')
    const fixed = present.filter((node) => node.fixed)
    const serves = ({ id }: Node): boolean =>
      contexts.get(id)?.some(({ status }) => status === 'ENABLED') === true
    if (fixed.length === 0 || present.some((node) => !node.fixed && serves(node))) return false
    // The list of a source that stays is in force already, or is kept while the source cannot be read.
    const stays = new Set(next.flatMap(({ source }) => (source ? [sourceName(source)] : [])))
    if (fixed.some(({ own }) => own !== undefined && stays.has(own.source))) return false
    return !(await this.#sources.list(next))
  }

  /** Reads the sources that `to` names for the first time, and follows them from then on. */
  async followSources(config: Config, plane: DataPlane): Promise<void> {
    await this.readSources(config)
    this.#fixed = { config, plane }
  }

  /** Reads them, and does not put their nodes in force yet. */
  async readSources(config: Config): Promise<void> {
    this.#fixed = undefined
    await this.#sources.follow(config.to, config.control.limits.nodes)
  }

  sourceReports(): readonly SourceReport[] {
    return this.#sources.reports()
  }

  /** Ends what follows the cluster. */
  close(): void {
    this.#fixed = undefined
    this.#sources.close()
    void this.engines?.close()
  }

  /** A source lists other nodes. */
  #onSources(): void {
    if (this.#fixed === undefined) return
    const { config, plane } = this.#fixed
    this.enforce(this.setFixedNodes(config), plane).catch((error: unknown) =>
      this.#log.error({ reason: String(error) }, 'fault in the nodes of a source'),
    )
  }

  /** Makes the nodes of `to` the fixed nodes, in place of the ones before. @returns the changes, which the traffic needs. */
  setFixedNodes(config: Config): readonly Change[] {
    const { registry, live } = this
    const before = registry.snapshot
    const places = [...placedIn(config.to), ...this.#sources.nodes()]
    if (places.length >= fixedLimits.manyNodes)
      this.#log.info({ nodes: places.length }, 'putting many fixed nodes in force')
    const nodes = withoutDoubles(fixedNodesOf(places, config))
    const unread = this.#sources.unread()
    const keep = new Set(nodes.map(({ route }) => route))
    for (const { route, own } of before.nodes.values())
      if (own !== undefined && unread.has(own.source)) keep.add(route)
    const dropped = registry.dropFixed(keep, this.#clock.now())
    const changes = [...dropped, ...registry.addFixed(nodes)]
    if (changes.length === 0) return changes
    this.#clusterLog.report(before, registry.snapshot, changes, { by: 'configuration' })
    applyToLive(live, changes, before)
    return changes
  }
}

function limitsOf({ limits }: Config['control']): RegistryLimits {
  const { nodes: nodesMax, aliases: hostsMax, contexts: contextsMax } = limits
  return { ...mcmpLimits, nodesMax, hostsMax, contextsMax }
}

interface Fixed {
  readonly config: Config
  readonly plane: DataPlane
}

/** Two sources may list the same address: the first one counts. */
function withoutDoubles(nodes: readonly FixedNode[]): readonly FixedNode[] {
  const byRoute = new Map<string, FixedNode>()
  for (const node of nodes) if (!byRoute.has(node.route)) byRoute.set(node.route, node)
  return byRoute.size === nodes.length ? nodes : [...byRoute.values()]
}
