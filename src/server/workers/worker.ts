// A traffic worker, run as a process of its own: a proxy that follows the messages of the primary and reports its
// numbers. Node.js ends a worker whose channel to the primary breaks.

import { systemClock } from '../../base/clock.ts'
import { workerLimits } from '../../base/limits.ts'
import { applyFact, type LiveFact } from '../../cluster/live-facts.ts'
import { FiguresReader } from '../../cluster/live-sums.ts'
import type { Change } from '../../cluster/snapshot.ts'
import { plainCounts } from '../../cluster/traffic-counts.ts'
import { type CascadeRules, cascadesIn } from '../../config/traffic-settings.ts'
import type { ListenHandle } from '../../node-internals/listen-handle.ts'
import { createProxy, loadPolicies, type ReverseProxy } from '../../proxy/index.ts'
import type { AccessLogFile } from '../access-log.ts'
import { HandleCopies } from './handle-copies.ts'
import { LineSender } from './line-sender.ts'
import { type FromWorker, plainError, type StartMessage, type ToWorker } from './messages.ts'
import { SentLog } from './sent-log.ts'

type Policies = Awaited<ReturnType<typeof loadPolicies>>

class TrafficWorker {
  readonly #proxy: ReverseProxy
  readonly #log: SentLog
  readonly #changes: FiguresReader = new FiguresReader()
  readonly #accessLogTo: string
  #accessLog: AccessLogFile | undefined

  constructor(start: StartMessage, policies: Policies) {
    this.#log = new SentLog(start.level, send)
    this.#accessLogTo = start.accessLog
    this.#proxy = createProxy({
      ...start.settings,
      policies,
      log: this.#log,
      onNodeDown: (id, reason) => send({ kind: 'down', id, reason }),
      copyHandle: (handle, count, accept) => copies.request(handle, count, accept),
      ...(start.accessLog === 'off' ? {} : { accessLog: (entry) => this.#accessLog?.write(entry) }),
    })
    this.#enforce(start.changes, start.facts)
  }

  async listen(): Promise<void> {
    if (this.#accessLogTo === 'stdout') this.#accessLog = new LineSender(send, this.#log)
    else if (this.#accessLogTo !== 'off') {
      // Loaded on demand: the file writer takes 8 MB.
      const { openAccessLog } = await import('../access-log.ts')
      this.#accessLog = await openAccessLog(this.#accessLogTo, this.#log)
    }
    const addresses = await this.#proxy.listen()
    setInterval(() => this.#report(), workerLimits.reportEveryMs)
    send({ kind: 'listening', addresses })
  }

  async handle(message: Exclude<ToWorker, StartMessage | { kind: 'copied' }>): Promise<void> {
    switch (message.kind) {
      case 'order':
        this.#enforce(message.changes, message.facts)
        this.#report(message.number)
        break
      case 'explain': {
        const explanation = this.#proxy.explain(message.question)
        send({ kind: 'explained', number: message.number, explanation })
        break
      }
      case 'reload':
        this.#log.level = message.level
        this.#proxy.replaceTls(message.tls.traffic, message.tls.nodes)
        this.#accessLog?.reopen()
        await this.#useCascades(message.rules)
        break
      case 'drain':
        void this.#drain(message.deadlineMs)
        break
      default:
        message satisfies never
    }
  }

  /** The primary has loaded the same modules already; if that fails here, the present cascades stay. */
  async #useCascades(rules: CascadeRules): Promise<void> {
    try {
      this.#proxy.useCascades(rules, await loadPolicies(cascadesIn(rules)))
    } catch (error) {
      this.#log.error({ reason: String(error) }, 'cascades not reloaded')
    }
  }

  #enforce(changes: readonly Change[], facts: readonly LiveFact[]): void {
    if (changes.length > 0) this.#proxy.apply(changes)
    for (const fact of facts) applyFact(this.#proxy.live.of(fact.id), fact, systemClock.now())
  }

  #report(answers?: number, onSent?: () => void): void {
    const { live, connections, counters } = this.#proxy
    const nodes = this.#changes.read(live, systemClock.now())
    send(
      {
        kind: 'report',
        nodes,
        connections,
        counts: plainCounts(counters),
        ...(answers === undefined ? {} : { answers }),
      },
      onSent,
    )
  }

  async #drain(deadlineMs: number): Promise<void> {
    await this.#proxy.drain(deadlineMs)
    this.#accessLog?.close()
    this.#report(undefined, () => process.exit(0))
  }
}

const copies: HandleCopies = new HandleCopies()

function send(message: FromWorker, onSent?: () => void): void {
  process.send?.(message, undefined, undefined, () => onSent?.())
}

// A terminal sends them to the whole process group; the primary handles them.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

async function startWorker(start: StartMessage): Promise<TrafficWorker> {
  const worker = new TrafficWorker(start, await loadPolicies(cascadesIn(start.settings)))
  await worker.listen()
  return worker
}

/** The messages are handled one after the other: loading the modules of cascades takes time. */
let handled: Promise<TrafficWorker | undefined> = Promise.resolve(undefined)
process.on('message', (message: ToWorker, handle: unknown) => {
  if (message.kind === 'copied') return copies.receive(message.number, handle as ListenHandle)
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
