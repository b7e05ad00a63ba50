// The traffic in worker processes: the kernel hands each new connection to one of them. This process keeps the listening
// sockets, sends the changes, sums up the numbers of the workers and replaces those that end.

import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../base/clock.ts'
import { TopspinError } from '../../base/errors.ts'
import { workerLimits } from '../../base/limits.ts'
import { withDeadline } from '../../base/wait.ts'
import { changesFrom } from '../../cluster/changes-from.ts'
import {
  defaultHealthLimits,
  onAnswerFailed,
  onConnectFailed,
  onReached,
} from '../../cluster/health.ts'
import { factOf, factsFrom } from '../../cluster/live-facts.ts'
import { LiveSums } from '../../cluster/live-sums.ts'
import type { ProcessShare } from '../../cluster/process-share.ts'
import { RequestTimes } from '../../cluster/request-times.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { newCounters, sumOf, type TrafficCounts } from '../../cluster/traffic-counts.ts'
import { type Explanation, explanationOf } from '../../control/explanation.ts'
import type { RequestFilter, SeenRequests } from '../../control/requests/request-filter.ts'
import type { WorkerReport } from '../../control/status-report.ts'
import type { ExplainQuestion } from '../../forward/index.ts'
import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { type Address, listenKeys } from '../../proxy/index.ts'
import type { DataPlane, DataPlaneOptions, PlaneSettings } from '../data-plane.ts'
import { LineOutput } from '../line-output.ts'
import { standardTarget } from '../write-target.ts'
import { KeptSockets } from './kept-sockets.ts'
import type { FromWorker, StartMessage } from './messages.ts'
import type { Order } from './pending-order.ts'
import { restartDelay } from './restart-delay.ts'
import { RoutineLoads } from './routine-loads.ts'
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
  readonly #slots: Slot[] = []
  /** Workers that a reload made superfluous, until their connections have ended. */
  readonly #leaving: Set<WorkerLink> = new Set()
  readonly #sums: LiveSums<WorkerLink>
  readonly #loads: RoutineLoads = new RoutineLoads()
  readonly #ending: AbortController = new AbortController()
  #countsOfEnded: TrafficCounts = newCounters()
  /** As of the last reload, for workers that start later. */
  #present: PlaneSettings
  /** Of the workers that `prepare` starts: when they listen. */
  #first: readonly Promise<readonly Address[]>[] = []
  /** Workers that wait for `listen`, which begins when the nodes of the start are known. */
  readonly #early: WorkerLink[] = []
  #mayBegin = false
  #isRunning = false
  /** Responses end their connections. */
  #isEnding = false
  readonly #sockets: KeptSockets = new KeptSockets()
  /** Where the addresses listen, by their names (`listenKeys`). */
  readonly #bound: Map<string, Address> = new Map()
  /** Opens the sockets; the others listen when it has. */
  #opener: WorkerLink | undefined
  readonly #waiting: Set<WorkerLink> = new Set()
  /** The standard error of the workers. */
  readonly #errors: LineOutput

  readonly #requestTimes: RequestTimes = new RequestTimes()
  #filters: readonly RequestFilter[] = []
  #onRequests: (seen: SeenRequests) => void = () => {}

  constructor(options: DataPlaneOptions) {
    this.#options = options
    this.#sums = new LiveSums(options.live)
    const { settings, accessLog, tracing, level, workers, leaveMs } = options
    this.#present = { settings, accessLog, tracing, level, workers, leaveMs }
    this.#inherit(settings)
    this.#errors = new LineOutput(standardTarget(2), { failed() {}, dropped() {} })
  }

  prepare(): void {
    this.#first = this.#addSlots(this.#present.workers).map((slot) => this.#start(slot).ready)
    // `listen` reports it.
    for (const ready of this.#first) ready.catch(() => {})
  }

  async listen(): Promise<readonly Address[]> {
    try {
      this.#mayBegin = true
      for (const link of this.#early.splice(0)) this.#begin(link)
      const [bound = []] = await Promise.all(this.#first)
      this.#isRunning = true
      return this.#noteBound(this.#present, bound)
    } catch (cause) {
      await this.close()
      throw listenError(cause)
    }
  }

  async apply(changes: readonly Change[]): Promise<void> {
    this.#forgetGone(changes)
    const order = { changes, facts: [] }
    if (!this.#loads.see(changes)) return this.#order(order)
    for (const link of this.#everyLink()) link.orderSoon(order)
  }

  #forgetGone(changes: readonly Change[]): void {
    for (const change of changes) if (change.kind === 'gone') this.#sums.forget(change.id)
  }

  notify(id: number): void {
    void this.#order({ changes: [], facts: [factOf(id, this.#options.live.of(id))] })
  }

  async refresh(): Promise<void> {
    const refreshed = this.#order({ changes: [], facts: [], figures: true })
    await withDeadline(refreshed, workerLimits.refreshMs, () => {})
  }

  /** By all workers: each chooses by its own counts. */
  async explain(question: ExplainQuestion): Promise<Explanation | undefined> {
    const answers = await Promise.all(
      this.#links().map(async (link) => ({
        pid: link.pid,
        explanation: await link.explain(question),
      })),
    )
    return explanationOf(
      answers.flatMap(({ pid, explanation }) =>
        explanation === undefined ? [] : [{ pid, explanation }],
      ),
    )
  }

  async open(next: PlaneSettings): Promise<readonly Address[]> {
    const { listen, tls } = next.settings
    for (const key of this.#inherit(next.settings)) this.#addSocket(key, this.#links())
    const missing = this.#sockets.missing(listenKeys(listen))
    if (missing.length === 0) return this.#noteBound(next, [])
    try {
      const opener = this.#links().find(({ isReady }) => isReady)
      if (opener === undefined) throw new Error('no worker is ready')
      const bound = await opener.open(listen, tls)
      const others = this.#links().filter((link) => link !== opener)
      for (const key of missing) this.#addSocket(key, others)
      return this.#noteBound(next, bound)
    } catch (cause) {
      this.#sockets.retain(listenKeys(this.#present.settings.listen))
      throw listenError(cause)
    }
  }

  /** Keeps the sockets that another process has opened. @returns the names of the new ones. */
  #inherit({ listen }: PlaneSettings['settings']): readonly string[] {
    const missing = this.#sockets.missing(listenKeys(listen))
    for (const key of missing) this.#sockets.keep(key, this.#options.inherited(key))
    return missing.filter((key) => this.#sockets.at(key) !== undefined)
  }

  #addSocket(key: string, links: readonly WorkerLink[]): void {
    const handle = this.#sockets.at(key)
    if (handle !== undefined) for (const link of links) link.addSocket(key, handle)
  }

  async reload(next: PlaneSettings, changes: readonly Change[]): Promise<void> {
    this.#present = next
    this.#forgetGone(changes)
    this.#loads.see(changes)
    await Promise.all([
      ...this.#links().map((link) => link.order({ changes, facts: [], reload: next })),
      ...[...this.#leaving].map((link) => link.order({ changes, facts: [] })),
    ])
    this.#sockets.retain(listenKeys(next.settings.listen))
    await this.#resize(next)
  }

  /** @param bound in the order of `listen`; empty: as before. @returns the addresses as they listen. */
  #noteBound(
    { settings: { listen } }: PlaneSettings,
    bound: readonly Address[],
  ): readonly Address[] {
    const keys = listenKeys(listen)
    for (const [index, address] of bound.entries()) this.#bound.set(keys[index] ?? '', address)
    return keys.flatMap((key, index) => {
      const at = this.#bound.get(key)
      if (at === undefined) return []
      const { tls: _, ...place } = at
      return listen[index]?.tls === true ? [{ ...place, tls: true as const }] : [place]
    })
  }

  /** Starts further workers, or lets the last ones go. */
  async #resize({ workers, leaveMs }: PlaneSettings): Promise<void> {
    const gone = this.#slots.splice(workers)
    for (const { link } of gone) if (link !== undefined) this.#leave(link, leaveMs)
    const before = this.#slots.length
    const added = this.#addSlots(workers - before)
    if (added.length > 0 || gone.length > 0) await this.#shareAnew(this.#slots.slice(0, before))
    await Promise.all(added.map((slot) => this.#startFurther(slot, 'worker started')))
  }

  /** The limits of nodes are shared by another number of workers. */
  async #shareAnew(slots: readonly Slot[]): Promise<void> {
    const { snapshot, live } = this.#options
    const changes = changesFrom(snapshot(), live).filter(({ kind }) => kind === 'node')
    await Promise.all(
      slots.map(({ link }, index) =>
        link?.order({ changes, facts: [], share: this.#shareOf(index) }),
      ),
    )
  }

  #leave(link: WorkerLink, leaveMs: number): void {
    this.#leaving.add(link)
    link.drain(leaveMs, true)
    const deadline = setTimeout(() => link.kill(), leaveMs + workerLimits.endMs)
    void link.ended.then(() => {
      clearTimeout(deadline)
      this.#leaving.delete(link)
    })
  }

  #addSlots(count: number): readonly Slot[] {
    const added = Array.from({ length: Math.max(0, count) }, () => ({
      link: undefined,
      restarts: 0,
      shortLives: 0,
    }))
    this.#slots.push(...added)
    return added
  }

  followRequests(filters: readonly RequestFilter[], report: (seen: SeenRequests) => void): void {
    this.#filters = filters
    this.#onRequests = report
    for (const link of this.#everyLink()) link.follow(filters)
  }

  reopenLogs(): void {
    void this.#order({ changes: [], facts: [], reopenLogs: true })
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
    const sum = sumOf([this.#countsOfEnded, ...this.#everyLink().map(({ counts }) => counts)])
    const logLinesDropped = sum.logLinesDropped + this.#options.lines.dropped.total
    return { ...sum, logLinesDropped }
  }

  requestTimes(): RequestTimes {
    return this.#requestTimes
  }

  announceEnd(): void {
    this.#isEnding = true
    for (const link of this.#links()) link.announceEnd()
  }

  socketAt(key: string): ListenHandle | undefined {
    return this.#sockets.at(key)
  }

  async drain(deadlineMs: number, isReplaced: boolean): Promise<void> {
    this.#end()
    const links = this.#everyLink()
    for (const link of links) link.drain(deadlineMs, isReplaced)
    const deadline = setTimeout(() => {
      for (const link of links) link.kill()
    }, deadlineMs + workerLimits.endMs)
    await Promise.all(links.map((link) => link.ended))
    clearTimeout(deadline)
  }

  async close(): Promise<void> {
    this.#end()
    const links = this.#everyLink()
    for (const link of links) link.kill()
    await Promise.all(links.map((link) => link.ended))
  }

  #end(): void {
    this.#isRunning = false
    this.#ending.abort()
    this.#sockets.retain([])
  }

  #links(): WorkerLink[] {
    return this.#slots.flatMap(({ link }) => link ?? [])
  }

  #everyLink(): WorkerLink[] {
    return [...this.#links(), ...this.#leaving]
  }

  async #order(order: Order): Promise<void> {
    await Promise.all(this.#everyLink().map((link) => link.order(order)))
  }

  #start(slot: Slot): WorkerLink {
    const startedAt = systemClock.now()
    const link: WorkerLink = new WorkerLink(this.#options.log, {
      ready: () => this.#begin(link),
      message: (message, handle) => this.#handle(link, message, handle),
      printed: (fd, text) => (fd === 1 ? this.#options.lines : this.#errors).write(text),
    })
    slot.link = link
    void link.ended.then(() => this.#ended(slot, link, startedAt))
    return link
  }

  /** Sends the start message, once the nodes are known. */
  #begin(link: WorkerLink): void {
    if (!this.#mayBegin) {
      this.#early.push(link)
      return
    }
    link.start(this.#startMessage(link))
    this.#letListen(link)
  }

  /** At once, or when another worker has opened the sockets. */
  #letListen(link: WorkerLink): void {
    if (this.#sockets.missing(listenKeys(this.#present.settings.listen)).length > 0) {
      if (this.#opener !== undefined) {
        this.#waiting.add(link)
        return
      }
      this.#opener = link
    }
    link.listen(this.#sockets.all)
  }

  #startMessage(link: WorkerLink): StartMessage {
    const { snapshot, live } = this.#options
    return {
      kind: 'start',
      ...this.#present,
      share: this.#shareOf(this.#slots.findIndex((slot) => slot.link === link)),
      changes: changesFrom(snapshot(), live),
      facts: factsFrom(snapshot(), live),
      isEnding: this.#isEnding,
      filters: this.#filters,
    }
  }

  /** In limits of nodes that all workers share. */
  #shareOf(index: number): ProcessShare {
    return { index, of: this.#slots.length }
  }

  /** The sockets are open, or the worker that was to open them has ended. */
  #opened(link: WorkerLink): void {
    this.#waiting.delete(link)
    if (this.#opener !== link) return
    this.#opener = undefined
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const other of waiting) this.#letListen(other)
  }

  #handle(link: WorkerLink, message: FromWorker, handle: ListenHandle | undefined): void {
    const { snapshot, log } = this.#options
    switch (message.kind) {
      case 'report': {
        const { nodes } = snapshot()
        this.#sums.add(link, message.nodes, (id) => nodes.has(id), systemClock.now())
        this.#requestTimes.add(message.requests)
        break
      }
      case 'down':
        this.#onNodeDown(message)
        break
      case 'suspect':
        this.#onNodeSuspect(message.id)
        break
      case 'log':
        log[message.level]({ ...message.detail, worker: link.pid }, message.message)
        break
      case 'requests':
        this.#onRequests(message)
        break
      case 'lines':
        this.#options.lines.write(message.text)
        break
      case 'socket':
        this.#sockets.keep(message.key, handle)
        break
      case 'copy':
        this.#sendCopies(link, message)
        break
      case 'listening':
        this.#opened(link)
        break
      case 'hello':
      case 'done':
      case 'explained':
      case 'opened':
      case 'failed':
        break
      default:
        message satisfies never
    }
  }

  #sendCopies(
    link: WorkerLink,
    { number, key, count }: Extract<FromWorker, { kind: 'copy' }>,
  ): void {
    const handle = this.#sockets.at(key)
    if (handle === undefined) return
    for (let i = 0; i < count; i++) link.send({ kind: 'copied', number }, handle)
  }

  /** A worker has found a node down: the watch probes it from now on, and no worker uses it. */
  #onNodeDown({ id, ...failure }: Extract<FromWorker, { kind: 'down' }>): void {
    const { snapshot, live } = this.#options
    const row = live.of(id)
    if (!snapshot().nodes.has(id) || row.health.kind === 'down') return
    const now = systemClock.now()
    row.health = onConnectFailed(row.health, failure, now, Math.random, defaultHealthLimits)
    row.epoch++
    this.notify(id)
  }

  /** A response of a node has failed in a worker, or a node that is down was reached: the watch probes it now. */
  #onNodeSuspect(id: number): void {
    const { snapshot, live } = this.#options
    if (!snapshot().nodes.has(id)) return
    const row = live.of(id)
    const now = systemClock.now()
    row.health = onAnswerFailed(onReached(row.health, now), now, defaultHealthLimits)
  }

  #ended(slot: Slot, link: WorkerLink, startedAt: number): void {
    const { log } = this.#options
    this.#sums.drop(link)
    this.#countsOfEnded = sumOf([this.#countsOfEnded, link.counts])
    slot.link = undefined
    this.#opened(link)
    if (!this.#isRunning || !this.#slots.includes(slot)) return
    const livedMs = systemClock.now() - startedAt
    slot.restarts += 1
    slot.shortLives = livedMs < workerLimits.soundMs ? slot.shortLives + 1 : 0
    const waitMs = restartDelay(slot.shortLives)
    log.error({ worker: link.pid, livedMs: Math.round(livedMs), waitMs }, 'worker ended')
    void this.#replace(slot, waitMs)
  }

  async #replace(slot: Slot, waitMs: number): Promise<void> {
    try {
      await pause(waitMs, undefined, { signal: this.#ending.signal })
    } catch {
      return
    }
    if (this.#slots.includes(slot)) await this.#startFurther(slot, 'worker replaced')
  }

  async #startFurther(slot: Slot, event: string): Promise<void> {
    const { log } = this.#options
    let link: WorkerLink | undefined
    try {
      link = this.#start(slot)
      await link.ready
      log.info({ worker: link.pid }, event)
    } catch (error) {
      log.error({ worker: link?.pid, reason: (error as Error).message }, 'worker not started')
      link?.kill()
    }
  }
}

const listenError = (cause: unknown): TopspinError =>
  new TopspinError('LISTEN', (cause as Error).message, { side: 'proxy', phase: 'accept', cause })
