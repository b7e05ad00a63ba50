// The watch over nodes: by the clock it moves removed nodes through their phases, probes nodes that are down or
// idle, and puts nodes on standby that stopped reporting (mcmp.md 2.4, 2.5, decisions 37, 39, 40).

import { mcmpLimits } from '../base/limits.ts'
import { isForwardable, type Node } from '../cluster/node.ts'
import { pingTimeout } from '../cluster/registry/questions.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { ControlSettings } from './options.ts'
import { publishChanges, recordProbe } from './record.ts'

const stepMs = 100
const removalStepMs = 1_000
/** A step later than this was not delayed by work: the process was suspended (SIGSTOP, a sleeping machine). */
const suspendedMsMin = 1_000

interface Watched {
  isProbed: boolean
  /** When to check again whether bytes were read from the node, monotonic ms. */
  checkAt: number
  /** At the last check. */
  bytesRead: number
}

export class Watch {
  readonly #settings: ControlSettings
  readonly #watched: Map<number, Watched> = new Map()
  #timer: NodeJS.Timeout | undefined
  #removalAt = 0
  #steppedAt: number
  #probes = 0

  constructor(settings: ControlSettings) {
    this.#settings = settings
    this.#steppedAt = settings.clock.now()
  }

  start(): void {
    this.#steppedAt = this.#settings.clock.now()
    this.#timer = setInterval(() => {
      try {
        this.step()
      } catch (error) {
        this.#logFault(error)
      }
    }, stepMs)
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
    for (const node of this.#settings.registry.snapshot.nodes.values()) {
      if (node.removal !== 'none') continue
      this.#checkReports(node, now)
      if (isForwardable(node)) this.#checkActivity(node, now)
    }
  }

  /** Time in which this process was suspended does not count against nodes: their reports are still to be read. */
  #excuseSuspension(suspendedMs: number, now: number): void {
    if (suspendedMs < suspendedMsMin) return
    const { registry, live, log } = this.#settings
    log.warn({ ms: Math.round(suspendedMs) }, 'process was suspended')
    for (const id of registry.snapshot.nodes.keys()) {
      const row = live.of(id)
      if (row.statusAt !== undefined) row.statusAt = Math.min(now, row.statusAt + suspendedMs)
      const { health } = row
      if (health.kind === 'down')
        row.health = { ...health, since: Math.min(now, health.since + suspendedMs) }
    }
    for (const watched of this.#watched.values()) watched.checkAt += suspendedMs
  }

  #advanceRemovals(now: number): void {
    const { registry, live } = this.#settings
    const before = registry.snapshot
    this.#publish(before, registry.tick({ now, live: (id) => live.of(id) }))
    for (const id of this.#watched.keys()) {
      if (!registry.snapshot.nodes.has(id)) this.#watched.delete(id)
    }
  }

  #checkReports(node: Node, now: number): void {
    const { log, traffic, watch } = this.#settings
    const live = this.#settings.live.of(node.id)
    if (watch.statusTimeoutMs === 0 || live.silent || live.statusAt === undefined) return
    if (now - live.statusAt < watch.statusTimeoutMs) return
    live.silent = true
    log.warn({ route: node.route }, 'node stopped reporting; on standby until it reports again')
    traffic.notify(node.id)
  }

  /** Probes a node that is down when its next probe is due, and any other when nothing was read from it. */
  #checkActivity(node: Node, now: number): void {
    const { idleProbeMs } = this.#settings.watch
    const { health, bytesRead, unconfirmed } = this.#settings.live.of(node.id)
    const watched = this.#watched.get(node.id)
    if (watched === undefined) {
      // A node from the state file may have died since, so it is probed at once.
      const checkAt = unconfirmed ? now : now + idleProbeMs
      this.#watched.set(node.id, { isProbed: false, checkAt, bytesRead })
      return
    }
    if (watched.isProbed || this.#probes >= mcmpLimits.probesMax) return
    if (health.kind === 'down') {
      if (now >= health.probeAt) void this.#probe(node, watched)
      return
    }
    if (now < watched.checkAt) return
    watched.checkAt = now + idleProbeMs
    if (bytesRead === watched.bytesRead) void this.#probe(node, watched)
    watched.bytesRead = bytesRead
  }

  async #probe(node: Node, watched: Watched): Promise<void> {
    watched.isProbed = true
    this.#probes += 1
    const { host, port, type } = node
    try {
      const target = { host, port, type, timeoutMs: pingTimeout(node) }
      this.#recordProbe(node, await this.#settings.watch.probe(target))
    } catch (error) {
      this.#logFault(error)
    } finally {
      watched.isProbed = false
      this.#probes -= 1
    }
  }

  #recordProbe(node: Node, result: ProbeResult): void {
    if (this.#settings.registry.snapshot.nodes.get(node.id)?.removal !== 'none') return
    recordProbe(this.#settings, node, result)
    if (!result.answered) this.#removeIfDead(node)
  }

  #removeIfDead(node: Node): void {
    const { registry, clock, log, watch } = this.#settings
    const { health } = this.#settings.live.of(node.id)
    const now = clock.now()
    const deadMs = watch.idleProbeMs * watch.probeFailuresMax
    if (health.kind !== 'down' || now - health.since <= deadMs) return
    const before = registry.snapshot
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
