// The watch over nodes: by the clock it moves removed nodes through their phases, probes nodes that are down or
// idle, and puts nodes on standby that stopped reporting (mcmp.md 2.4, 2.5, decisions 37, 39, 40).

import { mcmpLimits, probeLimits } from '../base/limits.ts'
import type { Health } from '../cluster/health.ts'
import { asksApplication, checkOf, type HealthCheck } from '../cluster/health-check.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import type { NodeLive } from '../cluster/live.ts'
import { isForwardable, type Node } from '../cluster/node.ts'
import { pingTimeout } from '../cluster/registry/questions.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { ControlSettings } from './options.ts'
import { publishChanges, recordProbe } from './record.ts'
import { Rounds } from './rounds.ts'

const stepMs = 100
const removalStepMs = 1_000
/** A step later than this was not delayed by work: the process was suspended (SIGSTOP, a sleeping machine). */
const suspendedMsMin = 1_000

interface Watched {
  node: Node
  rules: readonly HealthRule[]
  /** Of this node by these rules. */
  check: HealthCheck
  isProbed: boolean
  /** When the last probe began, monotonic ms. */
  probedAt: number
  /** When to check again whether the node is to be probed, monotonic ms. */
  checkAt: number
  /** At the last step. */
  bytesSeen: number
  /** At the last check. */
  bytesRead: number
  elected: number
  /** Time until the next check, ms. */
  waitMs: number
}

export class Watch {
  readonly #settings: ControlSettings
  readonly #watched: Map<number, Watched> = new Map()
  readonly #rounds: Rounds = new Rounds()
  /** Nodes whose probe is due while too many are in progress. */
  readonly #waiting: Set<number> = new Set()
  /** Nodes that are up and whose probe is due, in that order. */
  readonly #quiet: Set<number> = new Set()
  #timer: NodeJS.Timeout | undefined
  #removalAt = 0
  #steppedAt: number
  #probes = 0

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#steppedAt = settings.clock.now()
  }

  /** The first step follows at once: until all fixed nodes are checked, the first one to answer gets every request. */
  start(): void {
    this.#steppedAt = this.#settings.clock.now()
    this.#timer = setInterval(() => this.#stepSafely(), stepMs).unref()
    this.#stepSafely()
  }

  #stepSafely(): void {
    try {
      this.step()
    } catch (error) {
      this.#logFault(error)
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Does everything that is due. Public for tests with a clock of their own. */
  step(): void {
    const now = this.#settings.clock.now()
    this.#excuseSuspension(now - this.#steppedAt - stepMs, now)
    this.#steppedAt = now
    if (now >= this.#removalAt) {
      this.#removalAt = now + removalStepMs
      this.#advanceRemovals(now)
    }
    const { nodes } = this.#settings.registry.snapshot
    this.#probeWaiting(nodes, now)
    for (const id of this.#rounds.part(() => nodes.ids(), mcmpLimits.watchedMax)) {
      const node = nodes.get(id)
      if (node?.removal !== 'none') continue
      this.#checkReports(node, now)
      if (isForwardable(node)) this.#checkActivity(node, now)
    }
    this.#probeQuiet(nodes, now)
  }

  /** In the order in which they were due. */
  #probeWaiting(nodes: Snapshot['nodes'], now: number): void {
    for (const id of this.#waiting) {
      if (this.#probes >= mcmpLimits.probesMax) return
      this.#waiting.delete(id)
      const node = nodes.get(id)
      if (node?.removal === 'none') this.#checkActivity(node, now)
    }
  }

  /** In the order in which they were due, at a limited rate. */
  #probeQuiet(nodes: Snapshot['nodes'], now: number): void {
    const { quietProbes } = this.#settings
    for (const id of this.#quiet) {
      if (this.#probes >= mcmpLimits.probesMax || !quietProbes.draw(now)) return
      this.#quiet.delete(id)
      const node = nodes.get(id)
      const watched = this.#watched.get(id)
      if (node?.removal === 'none' && watched !== undefined) this.#probeQuietly(node, watched, now)
    }
  }

  /** Time in which this process was suspended does not count against nodes: their reports are still to be read. */
  #excuseSuspension(suspendedMs: number, now: number): void {
    if (suspendedMs < suspendedMsMin) return
    const { registry, live, log } = this.#settings
    log.warn({ ms: Math.round(suspendedMs) }, 'process was suspended')
    for (const id of registry.snapshot.nodes.ids()) {
      const row = live.of(id)
      if (row.statusAt !== undefined) row.statusAt = Math.min(now, row.statusAt + suspendedMs)
      const { health } = row
      if (health.kind === 'down')
        row.health = { ...health, since: Math.min(now, health.since + suspendedMs) }
    }
    for (const watched of this.#watched.values()) watched.checkAt += suspendedMs
  }

  #advanceRemovals(now: number): void {
    const { registry, live, log, sharing } = this.#settings
    const before = registry.snapshot
    const { changes, warnings } = registry.tick({ now, live: (id) => live.of(id) })
    for (const warning of warnings) log.warn({}, warning)
    this.#publish(before, changes)
    sharing?.shareOwn(changes, before)
    for (const id of this.#watched.keys()) {
      if (!registry.snapshot.nodes.has(id)) this.#watched.delete(id)
    }
  }

  #checkReports(node: Node, now: number): void {
    const { log, traffic, watch, sharing } = this.#settings
    const live = this.#settings.live.of(node.id)
    if (watch.statusTimeoutMs === 0 || live.silent || live.statusAt === undefined) return
    if (now - live.statusAt < watch.statusTimeoutMs) return
    if (sharing?.mayFallSilent() === false) return
    live.silent = true
    log.warn({ route: node.route }, 'node stopped reporting; on standby until it reports again')
    traffic.notify(node.id)
  }

  /** Probes a node that is down when its next probe is due, and any other when the traffic does not show its state. */
  #checkActivity(node: Node, now: number): void {
    const live = this.#settings.live.of(node.id)
    const watched = this.#watchedFor(node, live, now)
    const { check } = watched
    const { health } = live
    if (watched.bytesSeen !== live.bytesRead) {
      watched.bytesSeen = live.bytesRead
      live.readAt = now
    }
    if (watched.isProbed || now < this.#dueAt(health, watched)) return
    if (this.#probes >= mcmpLimits.probesMax) {
      this.#waiting.add(node.id)
      return
    }
    if (check.probe === 'none') {
      // A fixed node is up once a worker has had a response of it.
      const isShown = health.kind === 'unchecked' ? live.bytesRead > 0 : health.kind !== 'up'
      if (isShown) this.#recordProbe(node, unprobed, live.bytesRead)
      return
    }
    if (health.kind === 'down') {
      void this.#probe(node, watched)
      return
    }
    if (isShownByTraffic(check, live, watched)) waitFrom(now, watched, live, 0)
    else if (isPaced(check, live)) this.#quiet.add(node.id)
    else this.#probeQuietly(node, watched, now)
  }

  #probeQuietly(node: Node, watched: Watched, now: number): void {
    waitFrom(now, watched, this.#settings.live.of(node.id), watched.waitMs)
    void this.#probe(node, watched)
  }

  /** A result that is no evidence leaves a suspect as it is; the next probe waits nevertheless. */
  #dueAt(health: Health, { checkAt, probedAt }: Watched): number {
    if (health.kind === 'up' || health.kind === 'unchecked') return checkAt
    if (health.kind === 'down') return health.probeAt
    const { backoffMs } = this.#settings.watch.health
    return Math.min(checkAt, Math.max(health.probeAt, probedAt + backoffMs))
  }

  #watchedFor(node: Node, live: NodeLive, now: number): Watched {
    const rules = this.#settings.watch.rules()
    let watched = this.#watched.get(node.id)
    if (watched === undefined) {
      const check = checkOf(rules, node)
      const { bytesRead, elected } = live
      const waitMs = check.intervalMs
      // A node from the state file may have died since, and a fixed one may never have been there: probed at once.
      const checkAt = live.unconfirmed || live.health.kind === 'unchecked' ? now : now + waitMs
      const probedAt = Number.NEGATIVE_INFINITY
      watched = {
        node,
        rules,
        check,
        isProbed: false,
        probedAt,
        checkAt,
        bytesSeen: bytesRead,
        bytesRead,
        elected,
        waitMs,
      }
      this.#watched.set(node.id, watched)
    } else if (watched.node !== node || watched.rules !== rules) {
      watched.node = node
      watched.rules = rules
      watched.check = checkOf(rules, node)
      watched.checkAt = Math.min(watched.checkAt, now + watched.check.intervalMs)
    }
    return watched
  }

  async #probe(node: Node, watched: Watched): Promise<void> {
    const { probe, question, service, timeoutMs = pingTimeout(node) } = watched.check
    if (probe === 'none') return
    const { host, port, type, own } = node
    const { clock, live, watch, checks } = this.#settings
    const lookup = checks.lookupOf(node)
    const { bytesRead } = live.of(node.id)
    watched.isProbed = true
    watched.probedAt = clock.now()
    this.#probes += 1
    try {
      const target = { host, port, type, probe, question, service, timeoutMs, lookup, own }
      this.#recordProbe(node, await watch.probe(target), bytesRead)
    } catch (error) {
      this.#logFault(error)
    } finally {
      watched.isProbed = false
      this.#probes -= 1
    }
  }

  #recordProbe(node: Node, result: ProbeResult, bytesRead: number): void {
    if (this.#settings.registry.snapshot.nodes.get(node.id)?.removal !== 'none') return
    recordProbe(this.#settings, node, result, bytesRead)
    if (!result.answered) this.#removeIfDead(node)
  }

  #removeIfDead(node: Node): void {
    const { registry, clock, log, watch, sharing } = this.#settings
    const { health } = this.#settings.live.of(node.id)
    const now = clock.now()
    if (health.kind !== 'down' || now - health.since <= watch.removeDownMs) return
    const before = registry.snapshot
    if (sharing !== undefined) {
      sharing
        .removeDead(node, (was, changes) =>
          publishChanges(this.#settings, was, changes, { by: 'proxy' }),
        )
        .catch((error: unknown) => this.#logFault(error))
      return
    }
    const changes = registry.remove(node.id, now)
    if (changes.length > 0)
      log.warn({ route: node.route, downMs: Math.round(now - health.since) }, 'dead node removed')
    this.#publish(before, changes)
  }

  #publish(before: Snapshot, changes: readonly Change[]): void {
    publishChanges(this.#settings, before, changes).catch((error: unknown) => this.#logFault(error))
  }

  /** A fault of ours does not end a proxy that forwards; the next step may succeed. */
  #logFault(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#settings.log.error({ reason }, 'fault in the watch over nodes')
  }
}

/** Without probes a node that went down gets requests again after a while, and a failed response leaves no trace. */
const unprobed: ProbeResult = { answered: true, reason: 'not probed' }

/**
 * Whether the traffic since the last check shows the state of a node, so that no probe is needed: it sent bytes, or it was
 * sent requests, whose connections fail when it is gone. A check of the configuration by HTTP asks for more than that.
 */
function isShownByTraffic(
  { probe }: HealthCheck,
  { bytesRead, elected, health }: NodeLive,
  before: Pick<Watched, 'bytesRead' | 'elected'>,
): boolean {
  if (asksApplication(probe) || health.kind !== 'up') return false
  return bytesRead > before.bytesRead || (probe === 'tcp' && elected > before.elected)
}

/** Whether its probe may wait: nothing speaks against the node, and no operator has chosen the interval. */
const isPaced = ({ mayWait }: HealthCheck, { health, unconfirmed }: NodeLive): boolean =>
  mayWait && health.kind === 'up' && !unconfirmed

/** @param beforeMs the wait before this check; 0 for none that counts. */
function waitFrom(now: number, watched: Watched, live: NodeLive, beforeMs: number): void {
  watched.bytesRead = live.bytesRead
  watched.elected = live.elected
  watched.waitMs = nextWaitMs(watched.check, live, beforeMs)
  watched.checkAt = now + watched.waitMs
}

/**
 * Time until the next check, ms. It grows while a node works on requests and is quiet: each probe of a server with one
 * thread takes a place in its queue of connections until the request is done.
 */
function nextWaitMs(
  { probe, intervalMs }: HealthCheck,
  { inFlight }: NodeLive,
  beforeMs: number,
): number {
  if (probe !== 'tcp' || inFlight === 0 || beforeMs < intervalMs) return intervalMs
  return Math.max(intervalMs, Math.min(2 * beforeMs, probeLimits.busyIntervalMs))
}
