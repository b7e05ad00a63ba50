// The traffic in worker processes: the kernel hands each new connection to one of them. This process sends them the
// changes, sums up their numbers and replaces those that end.

import cluster from 'node:cluster'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../base/clock.ts'
import { TopspinError } from '../../base/errors.ts'
import { workerLimits } from '../../base/limits.ts'
import { changesFrom } from '../../cluster/changes-from.ts'
import { defaultHealthLimits, onConnectFailed } from '../../cluster/health.ts'
import { factOf, factsFrom, type LiveFact } from '../../cluster/live-facts.ts'
import { LiveSums } from '../../cluster/live-sums.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { newCounters, sumOf, type TrafficCounts } from '../../cluster/traffic-counts.ts'
import type { WorkerReport } from '../../control/status-report.ts'
import type { ExplainQuestion, RequestExplanation } from '../../forward/index.ts'
import type { Address } from '../../proxy/index.ts'
import type { DataPlane, DataPlaneOptions, Reload } from '../data-plane.ts'
import type { FromWorker } from './messages.ts'
import { restartDelay } from './restart-delay.ts'
import { workerFlags } from './worker-flags.ts'
import { WorkerLink } from './worker-link.ts'

/** One of the workers; its process is replaced when it ends. */
interface Slot {
  link: WorkerLink | undefined
  restarts: number
  /** Processes in a row that ended soon after their start. */
  shortLives: number
}

export class WorkerPool implements DataPlane {
  readonly #options: DataPlaneOptions
  readonly #slots: readonly Slot[]
  readonly #sums: LiveSums<WorkerLink>
  readonly #ending: AbortController = new AbortController()
  #countsOfEnded: TrafficCounts = newCounters()
  /** As of the last reload, for workers that start later. */
  #present: Reload
  #isRunning = false
  /** The addresses as the present workers share them: port 0 stays 0. */
  #listen: readonly Address[]
  #bound: readonly Address[] = []

  constructor(count: number, options: DataPlaneOptions) {
    this.#options = options
    this.#slots = Array.from({ length: count }, () => ({
      link: undefined,
      restarts: 0,
      shortLives: 0,
    }))
    this.#sums = new LiveSums(options.live)
    const { listen, tls, nodeTls = {}, candidacy, balance } = options.settings
    const rules = { candidacy, balance }
    this.#present = { level: options.level, rules, tls: { traffic: tls, nodes: nodeTls } }
    this.#listen = listen
    // The primary opens the sockets and shares them; the kernel chooses the worker of a connection.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
      args: [],
      execArgv: workerFlags(process.execArgv, process.env['NODE_OPTIONS']),
    })
  }

  async listen(): Promise<readonly Address[]> {
    try {
      const bound = await Promise.all(this.#slots.map((slot) => this.#start(slot).ready))
      this.#bound = bound[0] ?? []
      this.#isRunning = true
      return this.#bound
    } catch (cause) {
      await this.close()
      throw new TopspinError('LISTEN', (cause as Error).message, {
        side: 'proxy',
        phase: 'accept',
        cause,
      })
    }
  }

  async apply(changes: readonly Change[]): Promise<void> {
    for (const change of changes) if (change.kind === 'gone') this.#sums.forget(change.id)
    await this.#order(changes, [])
  }

  notify(id: number): void {
    void this.#order([], [factOf(id, this.#options.live.of(id))])
  }

  async refresh(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, workerLimits.refreshMs)
    })
    await Promise.race([this.#order([], []), deadline])
    clearTimeout(timer)
  }

  /** By the first worker that answers: each chooses by its own counts. */
  async explain(question: ExplainQuestion): Promise<RequestExplanation | undefined> {
    for (const link of this.#links()) {
      const explanation = await link.explain(question)
      if (explanation !== undefined) return explanation
    }
    return undefined
  }

  async reload({ level, rules: { candidacy, balance }, tls }: Reload): Promise<void> {
    this.#present = { level, rules: { candidacy, balance }, tls }
    for (const link of this.#links()) link.send({ kind: 'reload', ...this.#present })
  }

  workers(): readonly WorkerReport[] {
    return this.#slots.map(({ link, restarts }) => ({
      pid: link?.pid ?? null,
      connections: link?.connections ?? 0,
      requests: link?.counts.requests ?? 0,
      restarts,
    }))
  }

  counts(): TrafficCounts {
    return sumOf([this.#countsOfEnded, ...this.#links().map(({ counts }) => counts)])
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#end()
    const links = this.#links()
    for (const link of links) link.drain(deadlineMs)
    const deadline = setTimeout(() => {
      for (const link of links) link.kill()
    }, deadlineMs + workerLimits.endMs)
    await Promise.all(links.map((link) => link.ended))
    clearTimeout(deadline)
  }

  async close(): Promise<void> {
    this.#end()
    const links = this.#links()
    for (const link of links) link.kill()
    await Promise.all(links.map((link) => link.ended))
  }

  #end(): void {
    this.#isRunning = false
    this.#ending.abort()
  }

  #links(): WorkerLink[] {
    return this.#slots.flatMap(({ link }) => link ?? [])
  }

  async #order(changes: readonly Change[], facts: readonly LiveFact[]): Promise<void> {
    await Promise.all(this.#links().map((link) => link.order(changes, facts)))
  }

  #start(slot: Slot): WorkerLink {
    const { settings, accessLog, snapshot, live, log } = this.#options
    const startedAt = systemClock.now()
    // No worker holds the sockets: they are opened again, at the ports that they had.
    if (this.#links().length === 0) this.#listen = this.#withBoundPorts()
    const listen = this.#listen
    const { level, rules, tls } = this.#present
    const link: WorkerLink = new WorkerLink(
      () => ({
        kind: 'start',
        settings: { ...settings, ...rules, listen, tls: tls.traffic, nodeTls: tls.nodes },
        accessLog,
        level,
        changes: changesFrom(snapshot(), live),
        facts: factsFrom(snapshot(), live),
      }),
      log,
      (message) => this.#handle(link, message),
    )
    slot.link = link
    void link.ended.then(() => this.#ended(slot, link, startedAt))
    return link
  }

  #withBoundPorts(): readonly Address[] {
    return this.#options.settings.listen.map((address, index) => ({
      ...address,
      port: this.#bound[index]?.port ?? address.port,
    }))
  }

  #handle(link: WorkerLink, message: FromWorker): void {
    const { snapshot, log } = this.#options
    switch (message.kind) {
      case 'report': {
        const { nodes } = snapshot()
        this.#sums.add(link, message.nodes, (id) => nodes.has(id), systemClock.now())
        break
      }
      case 'down':
        this.#onNodeDown(message.id, message.reason)
        break
      case 'log':
        log[message.level]({ ...message.detail, worker: link.pid }, message.message)
        break
      case 'lines':
        process.stdout.write(message.text)
        break
      case 'hello':
      case 'copy':
      case 'explained':
      case 'listening':
      case 'failed':
        break
      default:
        message satisfies never
    }
  }

  /** A worker has found a node down: the watch probes it from now on, and no worker uses it. */
  #onNodeDown(id: number, reason: string): void {
    const { snapshot, live } = this.#options
    const row = live.of(id)
    if (!snapshot().nodes.has(id) || row.health.kind === 'down') return
    const now = systemClock.now()
    row.health = onConnectFailed(row.health, reason, now, Math.random, defaultHealthLimits)
    row.epoch++
    this.notify(id)
  }

  #ended(slot: Slot, link: WorkerLink, startedAt: number): void {
    const { log } = this.#options
    this.#sums.drop(link)
    this.#countsOfEnded = sumOf([this.#countsOfEnded, link.counts])
    slot.link = undefined
    if (!this.#isRunning) return
    const livedMs = systemClock.now() - startedAt
    slot.restarts += 1
    slot.shortLives = livedMs < workerLimits.soundMs ? slot.shortLives + 1 : 0
    const waitMs = restartDelay(slot.shortLives)
    log.error({ worker: link.pid, livedMs: Math.round(livedMs), waitMs }, 'worker ended')
    void this.#replace(slot, waitMs)
  }

  async #replace(slot: Slot, waitMs: number): Promise<void> {
    const { log } = this.#options
    try {
      await pause(waitMs, undefined, { signal: this.#ending.signal })
    } catch {
      return
    }
    let link: WorkerLink | undefined
    try {
      link = this.#start(slot)
      const bound = await link.ready
      if (bound.every(({ port }, index) => port === this.#bound[index]?.port)) {
        log.info({ worker: link.pid }, 'worker replaced')
        return
      }
      log.error({ worker: link.pid }, 'worker listens on other ports')
    } catch (error) {
      log.error({ worker: link?.pid, reason: (error as Error).message }, 'worker not started')
    }
    link?.kill()
  }
}
