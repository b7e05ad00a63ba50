// The data plane as worker processes: the kernel gives each new connection to one of them, this process
// never sees one. It sends them the changes, sums up their numbers and replaces who dies.

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

/** The place of one worker; processes come and go in it. */
interface Place {
  link: WorkerLink | undefined
  restarts: number
  /** Processes in a row that did not live long. */
  shortLives: number
}

export class WorkerPool implements DataPlane {
  readonly #options: DataPlaneOptions
  readonly #places: readonly Place[]
  readonly #sums: LiveSums<WorkerLink>
  readonly #ending: AbortController = new AbortController()
  #countsOfEnded: TrafficCounts = newCounters()
  /** As of the last reload, for workers that start later. */
  #present: Reload
  #isRunning = false
  /** The addresses in the words in which the present workers share them: port 0 stays 0. */
  #listen: readonly Address[]
  #bound: readonly Address[] = []

  constructor(count: number, options: DataPlaneOptions) {
    this.#options = options
    this.#places = Array.from({ length: count }, () => ({
      link: undefined,
      restarts: 0,
      shortLives: 0,
    }))
    this.#sums = new LiveSums(options.live)
    const { listen, tls, nodeTls = {}, candidacy, balance } = options.settings
    const rules = { candidacy, balance }
    this.#present = { level: options.level, rules, tls: { traffic: tls, nodes: nodeTls } }
    this.#listen = listen
    // The primary opens the sockets and hands them on; who accepts is left to the kernel.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
      args: [],
      execArgv: workerFlags(process.execArgv, process.env['NODE_OPTIONS']),
    })
  }

  async listen(): Promise<readonly Address[]> {
    try {
      const bound = await Promise.all(this.#places.map((place) => this.#start(place).ready))
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

  tell(id: number): void {
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

  /** By the counts of the first worker that says so: each chooses by its own. */
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
    return this.#places.map(({ link, restarts }) => ({
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
    return this.#places.flatMap(({ link }) => link ?? [])
  }

  async #order(changes: readonly Change[], facts: readonly LiveFact[]): Promise<void> {
    await Promise.all(this.#links().map((link) => link.order(changes, facts)))
  }

  #start(place: Place): WorkerLink {
    const { settings, accessLog, snapshot, live, log } = this.#options
    const startedAt = systemClock.now()
    // Without a worker that holds the sockets they are opened anew, at the ports that are known by now.
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
      (message) => this.#heard(link, message),
    )
    place.link = link
    void link.ended.then(() => this.#ended(place, link, startedAt))
    return link
  }

  #withBoundPorts(): readonly Address[] {
    return this.#options.settings.listen.map((address, index) => ({
      ...address,
      port: this.#bound[index]?.port ?? address.port,
    }))
  }

  #heard(link: WorkerLink, message: FromWorker): void {
    const { snapshot, log } = this.#options
    switch (message.kind) {
      case 'figures': {
        const { nodes } = snapshot()
        this.#sums.take(link, message.nodes, (id) => nodes.has(id), systemClock.now())
        break
      }
      case 'down':
        this.#fell(message.id, message.reason)
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

  /** One worker has found a node down: from now on the watch asks it, and no worker uses it. */
  #fell(id: number, reason: string): void {
    const { snapshot, live } = this.#options
    const row = live.of(id)
    if (!snapshot().nodes.has(id) || row.health.kind === 'down') return
    const now = systemClock.now()
    row.health = onConnectFailed(row.health, reason, now, Math.random, defaultHealthLimits)
    row.joining = true
    this.tell(id)
  }

  #ended(place: Place, link: WorkerLink, startedAt: number): void {
    const { log } = this.#options
    this.#sums.drop(link)
    this.#countsOfEnded = sumOf([this.#countsOfEnded, link.counts])
    place.link = undefined
    if (!this.#isRunning) return
    const livedMs = systemClock.now() - startedAt
    place.restarts += 1
    place.shortLives = livedMs < workerLimits.soundMs ? place.shortLives + 1 : 0
    const waitMs = restartDelay(place.shortLives)
    log.error({ worker: link.pid, livedMs: Math.round(livedMs), waitMs }, 'worker has ended')
    void this.#replace(place, waitMs)
  }

  async #replace(place: Place, waitMs: number): Promise<void> {
    const { log } = this.#options
    try {
      await pause(waitMs, undefined, { signal: this.#ending.signal })
    } catch {
      return
    }
    let link: WorkerLink | undefined
    try {
      link = this.#start(place)
      const bound = await link.ready
      if (bound.every(({ port }, index) => port === this.#bound[index]?.port)) {
        log.info({ worker: link.pid }, 'worker replaced')
        return
      }
      log.error({ worker: link.pid }, 'worker listens elsewhere')
    } catch (error) {
      log.error({ worker: link?.pid, reason: (error as Error).message }, 'worker cannot serve')
    }
    link?.kill()
  }
}
