// The traffic of a worker process: a proxy that follows the messages of the primary and reports its numbers. Started by
// worker.ts.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock } from '../../base/clock.ts'
import { workerLimits } from '../../base/limits.ts'
import { partEnd } from '../../cluster/change-parts.ts'
import { applyFact } from '../../cluster/live-facts.ts'
import { FiguresReader } from '../../cluster/live-sums.ts'
import { plainCounts } from '../../cluster/traffic-counts.ts'
import { cascadesIn } from '../../config/traffic-settings.ts'
import type { RequestFilter } from '../../control/requests/request-filter.ts'
import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { createProxy, loadPolicies, type ReverseProxy } from '../../proxy/index.ts'
import { openAccessLog } from '../access/log.ts'
import { AccessLogInForce } from '../access/log-in-force.ts'
import type { PlaneSettings } from '../data-plane.ts'
import type { DroppedLines } from '../line-output.ts'
import { killIfStuck } from '../stuck-thread.ts'
import { TracingInForce } from '../tracing/tracing-in-force.ts'
import { LineSender } from './line-sender.ts'
import { type FromWorker, plainError, type StartMessage, type ToWorker } from './messages.ts'
import type { Order } from './pending-order.ts'
import { SentLog } from './sent-log.ts'
import { WorkerSockets } from './worker-sockets.ts'

type Policies = Awaited<ReturnType<typeof loadPolicies>>

interface ReportOptions {
  readonly answers?: number
  readonly onSent?: () => void
}

class TrafficWorker {
  readonly #proxy: ReverseProxy
  readonly #log: SentLog
  readonly #changes: FiguresReader = new FiguresReader()
  readonly #dropped: DroppedLines = { total: 0 }
  readonly #accessLog: AccessLogInForce
  readonly #tracing: TracingInForce
  /** Of the start message: for when it listens. */
  readonly #first: Pick<PlaneSettings, 'accessLog' | 'tracing'>
  #isReporting = false

  constructor(start: StartMessage, policies: Policies) {
    const { accessLog, tracing } = start
    this.#first = { accessLog, tracing }
    this.#log = new SentLog(start.level, send, this.#dropped)
    this.#proxy = createProxy({
      ...start.settings,
      share: start.share,
      policies,
      log: this.#log,
      onNodeDown: (id, reason, refused) => send({ kind: 'down', id, reason, refused }),
      onNodeSuspect: (id) => send({ kind: 'suspect', id }),
      sockets,
    })
    this.#accessLog = new AccessLogInForce(this.#proxy, (destination) =>
      destination === 'stdout'
        ? new LineSender(send, this.#log, this.#dropped)
        : openAccessLog(destination, this.#log, this.#dropped),
    )
    this.#tracing = new TracingInForce(this.#proxy, this.#log)
    this.#follow(start.filters)
    if (start.isEnding) this.#proxy.announceEnd()
    if (start.changes.length > 0) this.#proxy.apply(start.changes)
    this.#learn(start.facts)
  }

  async #listen(): Promise<void> {
    await this.#accessLog.replace(this.#first.accessLog)
    this.#tracing.replace(this.#first)
    const addresses = await this.#proxy.listen()
    setInterval(() => this.#reportAgain(), workerLimits.reportEveryMs)
    send({ kind: 'listening', addresses })
  }

  async handle(
    message: Exclude<ToWorker, StartMessage | { kind: 'copied' | 'socket' }>,
  ): Promise<void> {
    switch (message.kind) {
      case 'listen':
        await this.#listen().catch(fail)
        break
      case 'order':
        if (message.share !== undefined) this.#proxy.useShare(message.share)
        if (message.reload === undefined) await this.#enforce(message)
        else await this.#reload(message.reload, message)
        if (message.reopenLogs === true) this.#accessLog.reopen()
        if (message.figures === true) this.#report({ answers: message.number })
        else send({ kind: 'done', number: message.number })
        break
      case 'explain': {
        const explanation = this.#proxy.explain(message.question)
        send({ kind: 'explained', number: message.number, explanation })
        break
      }
      case 'follow':
        this.#follow(message.filters)
        break
      case 'announce-end':
        this.#proxy.announceEnd()
        break
      case 'open': {
        const { number, listen, tls } = message
        const result = await this.#proxy.openListeners(listen, tls).catch(plainError)
        send({ kind: 'opened', number, result })
        break
      }
      case 'drain':
        void this.#drain(message)
        break
      default:
        message satisfies never
    }
  }

  #follow(filters: readonly RequestFilter[]): void {
    this.#accessLog.follow(filters, (seen, done) => send({ kind: 'requests', ...seen }, done))
  }

  /** The primary has checked the same order already; what fails here stays as it is. */
  async #reload(
    { level, settings, accessLog, tracing, leaveMs }: PlaneSettings,
    order: Pick<Order, 'changes' | 'facts'>,
  ): Promise<void> {
    this.#log.level = level
    const { listen, tls, ...others } = settings
    try {
      const policies = await loadPolicies(cascadesIn(others))
      await this.#accessLog.replace(accessLog)
      this.#tracing.replace({ accessLog, tracing })
      await this.#proxy.openListeners(listen, tls)
      this.#proxy.replaceSettings(others, policies)
      this.#proxy.useListeners(listen, tls, leaveMs)
    } catch (error) {
      this.#log.error({ reason: String(error) }, 'not reloaded')
    }
    await this.#enforce(order)
  }

  /** Requests have their turns between parts of many changes. */
  async #enforce({ changes, facts }: Pick<Order, 'changes' | 'facts'>): Promise<void> {
    let end = 0
    let turnEnds = systemClock.now() + workerLimits.applyTurnMs
    while (end < changes.length) {
      const from = end
      end = partEnd(changes, from)
      this.#proxy.apply(changes.slice(from, end))
      if (end === changes.length || systemClock.now() < turnEnds) continue
      await nextTurn()
      turnEnds = systemClock.now() + workerLimits.applyTurnMs
    }
    this.#learn(facts)
  }

  #learn(facts: Order['facts']): void {
    for (const fact of facts) applyFact(this.#proxy.live.of(fact.id), fact, systemClock.now())
  }

  #report({ answers, onSent }: ReportOptions = {}): void {
    const { live, connections, counters, requestTimes } = this.#proxy
    send(
      {
        kind: 'report',
        nodes: this.#changes.read(live, systemClock.now()),
        requests: requestTimes.collect(),
        connections,
        counts: plainCounts({
          ...counters,
          logLinesDropped: this.#dropped.total,
          spansSent: this.#tracing.counts.sent,
          spansDropped: this.#tracing.counts.dropped,
        }),
        ...(answers === undefined ? {} : { answers }),
      },
      onSent,
    )
  }

  /** Not before the last one was sent: the primary may be suspended. */
  #reportAgain(): void {
    if (this.#isReporting) return
    this.#isReporting = true
    this.#report({
      onSent: () => {
        this.#isReporting = false
      },
    })
  }

  async #drain({ deadlineMs, isReplaced }: Extract<ToWorker, { kind: 'drain' }>): Promise<void> {
    await this.#proxy.drain(deadlineMs, isReplaced)
    await Promise.all([this.#accessLog.close(), this.#tracing.close()])
    await killIfStuck()
    this.#report({ onSent: () => process.exit(0) })
  }
}

const sockets: WorkerSockets = new WorkerSockets()

function send(message: FromWorker, onSent?: () => void): void {
  process.send?.(message, undefined, undefined, () => onSent?.())
}

const fail = (error: unknown): void =>
  send({ kind: 'failed', error: plainError(error) }, () => process.exit(1))

const startWorker = async (start: StartMessage): Promise<TrafficWorker> =>
  new TrafficWorker(start, await loadPolicies(cascadesIn(start.settings)))

/** Follows the messages of the primary from now on. */
export function followPrimary(): void {
  /** The messages are handled one after the other: loading the modules of cascades takes time. */
  let handled: Promise<TrafficWorker | undefined> = Promise.resolve(undefined)
  process.on('message', (message: ToWorker, handle: ListenHandle | undefined) => {
    if (message.kind === 'socket') return sockets.receive(message.key, handle)
    if (message.kind === 'copied') return sockets.receiveCopy(message.number, handle)
    handled = handled.then(async (worker) => {
      if (message.kind !== 'start') {
        await worker?.handle(message)
        return worker
      }
      try {
        return await startWorker(message)
      } catch (error) {
        fail(error)
        return undefined
      }
    })
  })
  send({ kind: 'hello' })
}
