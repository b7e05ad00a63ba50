// What the clock does to the registry: the phases of removal, probes of nodes that are down or idle, and
// nodes that have stopped to report (mcmp.md 2.4, 2.5, decisions 37, 39, 40). Started by `start-control.ts`.

import { mcmpLimits } from '../base/limits.ts'
import { isForwardable, type Node } from '../cluster/node.ts'
import { pingTimeout } from '../cluster/registry/questions.ts'
import { observeProbe } from './observe.ts'
import type { ControlSettings } from './options.ts'
import { publish } from './publish.ts'

const stepMs = 100
const removalStepMs = 1_000
/** A step that comes later than this was not held up by work: the process was stopped. */
const stoodMsMin = 1_000

interface Watched {
  asking: boolean
  /** When to look again whether anything was read from the node, monotonic ms. */
  lookAt: number
  bytesRead: number
}

export class Watch {
  readonly #settings: ControlSettings
  readonly #watched: Map<number, Watched> = new Map()
  #timer: NodeJS.Timeout | undefined
  #removalAt = 0
  #steppedAt: number
  #asking = 0

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
        this.#fault(error)
      }
    }, stepMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Does what is due now. */
  step(): void {
    const now = this.#settings.clock.now()
    this.#forgive(now - this.#steppedAt - stepMs, now)
    this.#steppedAt = now
    if (now >= this.#removalAt) {
      this.#removalAt = now + removalStepMs
      this.#tickRemovals(now)
    }
    for (const node of this.#settings.registry.snapshot.nodes.values()) {
      if (node.removal !== 'none') continue
      this.#hush(node, now)
      if (isForwardable(node)) this.#look(node, now)
    }
  }

  /** Time in which this process was stopped counts against no node: what they said meanwhile is still to be read. */
  #forgive(stoodMs: number, now: number): void {
    if (stoodMs < stoodMsMin) return
    const { registry, live, log } = this.#settings
    log.warn({ ms: Math.round(stoodMs) }, 'the process has stood still')
    for (const id of registry.snapshot.nodes.keys()) {
      const row = live.of(id)
      if (row.statusAt !== undefined) row.statusAt = Math.min(now, row.statusAt + stoodMs)
      const { health } = row
      if (health.kind === 'down')
        row.health = { ...health, since: Math.min(now, health.since + stoodMs) }
    }
    for (const watched of this.#watched.values()) watched.lookAt += stoodMs
  }

  #tickRemovals(now: number): void {
    const { registry, live } = this.#settings
    const before = registry.snapshot
    this.#publish(before, registry.tick({ now, live: (id) => live.of(id) }))
    for (const id of this.#watched.keys()) {
      if (!registry.snapshot.nodes.has(id)) this.#watched.delete(id)
    }
  }

  #hush(node: Node, now: number): void {
    const { log, traffic, watch } = this.#settings
    const live = this.#settings.live.of(node.id)
    if (watch.statusTimeoutMs === 0 || live.silent || live.statusAt === undefined) return
    if (now - live.statusAt < watch.statusTimeoutMs) return
    live.silent = true
    log.warn({ route: node.route }, 'node has stopped to report: standby until it does')
    traffic.notify(node.id)
  }

  #look(node: Node, now: number): void {
    const { idleProbeMs } = this.#settings.watch
    const { health, bytesRead, unconfirmed } = this.#settings.live.of(node.id)
    const watched = this.#watched.get(node.id)
    if (watched === undefined) {
      // What an earlier run of the proxy knew is asked about at once: the node may have died since.
      const lookAt = unconfirmed ? now : now + idleProbeMs
      this.#watched.set(node.id, { asking: false, lookAt, bytesRead })
      return
    }
    if (watched.asking || this.#asking >= mcmpLimits.probesMax) return
    if (health.kind === 'down') {
      if (now >= health.probeAt) this.#ask(node, watched)
      return
    }
    if (now < watched.lookAt) return
    watched.lookAt = now + idleProbeMs
    if (bytesRead === watched.bytesRead) this.#ask(node, watched)
    watched.bytesRead = bytesRead
  }

  #ask(node: Node, watched: Watched): void {
    watched.asking = true
    this.#asking += 1
    const { host, port, type } = node
    this.#settings.watch
      .probe({ host, port, type, timeoutMs: pingTimeout(node) })
      .finally(() => {
        watched.asking = false
        this.#asking -= 1
      })
      .then((result) => {
        if (this.#settings.registry.snapshot.nodes.get(node.id)?.removal !== 'none') return
        observeProbe(this.#settings, node, result)
        if (!result.answered) this.#giveUp(node)
      })
      .catch((error: unknown) => this.#fault(error))
  }

  #giveUp(node: Node): void {
    const { registry, clock, log, watch } = this.#settings
    const { health } = this.#settings.live.of(node.id)
    const now = clock.now()
    if (health.kind !== 'down' || now - health.since <= watch.idleProbeMs * watch.probeFailuresMax)
      return
    const before = registry.snapshot
    const changes = registry.remove(node.id, now)
    if (changes.length > 0)
      log.warn({ route: node.route }, 'node has not answered for too long: removed')
    this.#publish(before, changes)
  }

  /** The next step may well succeed; a proxy that forwards is not ended for this. */
  #fault(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#settings.log.error({ reason }, 'fault in the watch of the nodes')
  }

  #publish(
    ...args: [before: Parameters<typeof publish>[1], changes: Parameters<typeof publish>[2]]
  ): void {
    publish(this.#settings, ...args).catch((error: unknown) => this.#fault(error))
  }
}
