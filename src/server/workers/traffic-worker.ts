// The traffic of a worker process: a proxy that follows the messages of the primary and reports its numbers. Started by
// worker.ts.

import { systemClock } from '../../base/clock.ts'
import { workerLimits } from '../../base/limits.ts'
import { applyFact } from '../../cluster/live-facts.ts'
import { FiguresReader } from '../../cluster/live-sums.ts'
import { plainCounts } from '../../cluster/traffic-counts.ts'
import { cascadesIn } from '../../config/traffic-settings.ts'
import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { createProxy, loadPolicies, type ReverseProxy } from '../../proxy/index.ts'
import { openAccessLog } from '../access-log.ts'
import { AccessLogInForce } from '../access-log-in-force.ts'
import type { PlaneSettings } from '../data-plane.ts'
import type { DroppedLines } from '../line-output.ts'
import { killIfStuck } from '../stuck-thread.ts'
import { LineSender } from './line-sender.ts'
import { type FromWorker, plainError, type StartMessage, type ToWorker } from './messages.ts'
import type { Order } from './pending-order.ts'
import { SentLog } from './sent-log.ts'
import { WorkerSockets } from './worker-sockets.ts'

type Policies = Awaited<ReturnType<typeof loadPolicies>>

interface ReportOptions {
  readonly answers?: number
  readonly figures?: boolean
  readonly onSent?: () => void
}

class TrafficWorker {
  readonly #proxy: ReverseProxy
  readonly #log: SentLog
  readonly #changes: FiguresReader = new FiguresReader()
  readonly #dropped: DroppedLines = { total: 0 }
  readonly #accessLog: AccessLogInForce
  #isReporting = false

  constructor(start: StartMessage, policies: Policies) {
    this.#log = new SentLog(start.level, send, this.#dropped)
    this.#proxy = createProxy({
      ...start.settings,
      share: start.share,
      policies,
      log: this.#log,
      onNodeDown: (id, reason) => send({ kind: 'down', id, reason }),
      onNodeSuspect: (id) => send({ kind: 'suspect', id }),
      sockets,
    })
    this.#accessLog = new AccessLogInForce(this.#proxy, (destination) =>
      destination === 'stdout'
        ? new LineSender(send, this.#log, this.#dropped)
        : openAccessLog(destination, this.#log, this.#dropped),
    )
    if (start.isEnding) this.#proxy.announceEnd()
    this.#enforce(start)
  }

  async listen(accessLog: string): Promise<void> {
    await this.#accessLog.replace(accessLog)
    const addresses = await this.#proxy.listen()
    setInterval(() => this.#reportAgain(), workerLimits.reportEveryMs)
    send({ kind: 'listening', addresses })
  }

  async handle(
    message: Exclude<ToWorker, StartMessage | { kind: 'copied' | 'socket' }>,
  ): Promise<void> {
    switch (message.kind) {
      case 'order':
        if (message.share !== undefined) this.#proxy.useShare(message.share)
        if (message.reload === undefined) this.#enforce(message)
        else await this.#reload(message.reload, message)
        if (message.reopenLogs === true) this.#accessLog.reopen()
        this.#report({ answers: message.number, figures: message.figures === true })
        break
      case 'explain': {
        const explanation = this.#proxy.explain(message.question)
        send({ kind: 'explained', number: message.number, explanation })
        break
      }
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

  /** The primary has checked the same order already; what fails here stays as it is. */
  async #reload(
    { level, settings, accessLog, leaveMs }: PlaneSettings,
    order: Pick<Order, 'changes' | 'facts'>,
  ): Promise<void> {
    this.#log.level = level
    const { listen, tls, ...others } = settings
    try {
      const policies = await loadPolicies(cascadesIn(others))
      await this.#accessLog.replace(accessLog)
      await this.#proxy.openListeners(listen, tls)
      this.#proxy.replaceSettings(others, policies)
      this.#proxy.useListeners(listen, tls, leaveMs)
    } catch (error) {
      this.#log.error({ reason: String(error) }, 'not reloaded')
    }
    this.#enforce(order)
  }

  #enforce({ changes, facts }: Pick<Order, 'changes' | 'facts'>): void {
    if (changes.length > 0) this.#proxy.apply(changes)
    for (const fact of facts) applyFact(this.#proxy.live.of(fact.id), fact, systemClock.now())
  }

  /** @param figures whether it contains the numbers of the nodes. */
  #report({ answers, figures = true, onSent }: ReportOptions = {}): void {
    const { live, connections, counters, requestTimes } = this.#proxy
    const nodes = figures ? this.#changes.read(live, systemClock.now()) : []
    send(
      {
        kind: 'report',
        nodes,
        requests: figures ? requestTimes.collect() : [],
        connections,
        counts: plainCounts({ ...counters, logLinesDropped: this.#dropped.total }),
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
    await this.#accessLog.close()
    await killIfStuck()
    this.#report({ onSent: () => process.exit(0) })
  }
}

const sockets: WorkerSockets = new WorkerSockets()

function send(message: FromWorker, onSent?: () => void): void {
  process.send?.(message, undefined, undefined, () => onSent?.())
}

async function startWorker(start: StartMessage): Promise<TrafficWorker> {
  const worker = new TrafficWorker(start, await loadPolicies(cascadesIn(start.settings)))
  await worker.listen(start.accessLog)
  return worker
}

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
        send({ kind: 'failed', error: plainError(error) }, () => process.exit(1))
        return undefined
      }
    })
  })
  send({ kind: 'hello' })
}
