// A traffic worker, run as a process of its own: the proxy and nothing else. It does what the primary says,
// tells it what it counts and finds, and ends with it: Node.js ends a worker whose line to the primary breaks.

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
  readonly #figures: FiguresReader = new FiguresReader()
  readonly #accessLogTo: string
  #accessLog: AccessLogFile | undefined

  constructor(start: StartMessage, policies: Policies) {
    this.#log = new SentLog(start.level, say)
    this.#accessLogTo = start.accessLog
    this.#proxy = createProxy({
      ...start.settings,
      policies,
      log: this.#log,
      onNodeDown: (id, reason) => say({ kind: 'down', id, reason }),
      copyHandle: (handle, count, take) => copies.ask(handle, count, take),
      ...(start.accessLog === 'off' ? {} : { accessLog: (entry) => this.#accessLog?.write(entry) }),
    })
    this.#putInForce(start.changes, start.facts)
  }

  async listen(): Promise<void> {
    if (this.#accessLogTo === 'stdout') this.#accessLog = new LineSender(say, this.#log)
    else if (this.#accessLogTo !== 'off') {
      // What writes files takes 8 MB, which a worker without a log need not have.
      const { openAccessLog } = await import('../access-log.ts')
      this.#accessLog = await openAccessLog(this.#accessLogTo, this.#log)
    }
    const addresses = await this.#proxy.listen()
    setInterval(() => this.#tell(), workerLimits.figuresEveryMs)
    say({ kind: 'listening', addresses })
  }

  async hear(message: Exclude<ToWorker, StartMessage | { kind: 'copied' }>): Promise<void> {
    switch (message.kind) {
      case 'order':
        this.#putInForce(message.changes, message.facts)
        this.#tell(message.number)
        break
      case 'explain': {
        const explanation = this.#proxy.explain(message.question)
        say({ kind: 'explained', number: message.number, explanation })
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

  /** The primary has loaded the same modules before; should that fail here all stays as it was. */
  async #useCascades(rules: CascadeRules): Promise<void> {
    try {
      this.#proxy.useCascades(rules, await loadPolicies(cascadesIn(rules)))
    } catch (error) {
      this.#log.error({ reason: String(error) }, 'cascades not reloaded')
    }
  }

  #putInForce(changes: readonly Change[], facts: readonly LiveFact[]): void {
    if (changes.length > 0) this.#proxy.apply(changes)
    for (const fact of facts) applyFact(this.#proxy.live.of(fact.id), fact, systemClock.now())
  }

  #tell(answers?: number, told?: () => void): void {
    const { live, connections, counters } = this.#proxy
    const nodes = this.#figures.read(live)
    say(
      {
        kind: 'figures',
        nodes,
        connections,
        counts: plainCounts(counters),
        ...(answers === undefined ? {} : { answers }),
      },
      told,
    )
  }

  async #drain(deadlineMs: number): Promise<void> {
    await this.#proxy.drain(deadlineMs)
    this.#accessLog?.close()
    this.#tell(undefined, () => process.exit(0))
  }
}

const copies: HandleCopies = new HandleCopies()

function say(message: FromWorker, said?: () => void): void {
  process.send?.(message, undefined, undefined, () => said?.())
}

// They reach the whole group of processes, but it is the primary that says what they mean.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

async function startWorker(start: StartMessage): Promise<TrafficWorker> {
  const worker = new TrafficWorker(start, await loadPolicies(cascadesIn(start.settings)))
  await worker.listen()
  return worker
}

/** What is told is done in order, each after what came before: the modules of cascades take time to load. */
let done: Promise<TrafficWorker | undefined> = Promise.resolve(undefined)
process.on('message', (message: ToWorker, handle: unknown) => {
  if (message.kind === 'copied') return copies.take(message.number, handle as ListenHandle)
  done = done.then(async (worker) => {
    if (message.kind !== 'start') {
      await worker?.hear(message)
      return worker
    }
    try {
      return await startWorker(message)
    } catch (error) {
      say({ kind: 'failed', error: plainError(error) }, () => process.exit(1))
      return undefined
    }
  })
})
say({ kind: 'hello' })
