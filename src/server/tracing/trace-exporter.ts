// Sends traces to a receiver by OTLP over HTTP, in batches and one message at a time. What does not fit into the queue is
// dropped and counted, so that a slow receiver never holds up the traffic.

import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { systemClock } from '../../base/clock.ts'
import { traceLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { OutageLog } from '../../base/outage-log.ts'
import { waitUntil } from '../../base/wait.ts'
import type { TraceReport } from '../../proxy/index.ts'
import { otlpJson, spansIn } from './otlp.ts'

/** Spans since the process started. */
export interface SpanCounts {
  sent: number
  dropped: number
}

export interface Receiver {
  readonly url: string
  /** Fields of each message. */
  readonly headers: Readonly<Record<string, string>>
  readonly service: string
  readonly instance: string
}

/** The receiver may accept the same message later [OTLP/HTTP, Failures]. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

export class TraceExporter {
  readonly #receiver: Receiver
  readonly #outages: OutageLog
  readonly #counts: SpanCounts
  readonly #agent: PlainAgent
  readonly #timer: NodeJS.Timeout
  #kept: TraceReport[] = []
  /** The message under way. */
  #batch: readonly TraceReport[] = []
  #isSending = false
  #isClosed = false
  /** Failed attempts to send the present message. */
  #failures = 0
  #notBefore = 0

  constructor(receiver: Receiver, log: Logger, counts: SpanCounts) {
    this.#receiver = receiver
    this.#outages = new OutageLog(log)
    this.#counts = counts
    const options = { keepAlive: true, maxSockets: 1 }
    this.#agent = isSecure(receiver) ? new SecureAgent(options) : new PlainAgent(options)
    this.#timer = setInterval(() => this.#flush(), traceLimits.everyMs).unref()
  }

  readonly add = (trace: TraceReport): void => {
    if (this.#kept.length >= traceLimits.keptMax) return this.#drop([trace])
    this.#kept.push(trace)
    if (this.#kept.length >= traceLimits.batchMax) this.#flush()
  }

  /** Sends what is left; resolves at a deadline, too. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#isClosed = true
    this.#notBefore = 0
    this.#flush()
    await waitUntil(() => this.#batch.length + this.#kept.length === 0, {
      withinMs: traceLimits.closeMs,
    })
    this.#drop([...this.#batch, ...this.#kept])
    this.#batch = this.#kept = []
    this.#agent.destroy()
  }

  #drop(traces: readonly TraceReport[]): void {
    for (const trace of traces) this.#counts.dropped += spansIn(trace)
  }

  #flush(): void {
    if (this.#isSending || systemClock.now() < this.#notBefore) return
    if (this.#batch.length === 0) this.#batch = this.#kept.splice(0, traceLimits.batchMax)
    if (this.#batch.length === 0) return
    this.#isSending = true
    this.#send(otlpJson(this.#batch, this.#receiver))
  }

  #send(text: string): void {
    const { url, headers } = this.#receiver
    const request = isSecure(this.#receiver) ? secureRequest : plainRequest
    const outgoing = request(url, {
      method: 'POST',
      agent: this.#agent,
      signal: AbortSignal.timeout(traceLimits.answerMs),
      headers: {
        'content-type': 'application/json',
        'content-length': text.length,
        ...headers,
      },
    })
    outgoing.on('response', (response) => {
      response.resume()
      response.on('error', () => {})
      response.on('close', () => this.#answered(response.statusCode ?? 0))
    })
    outgoing.on('error', (error) => this.#failed(error.message))
    outgoing.end(text, 'latin1')
  }

  #answered(status: number): void {
    if (!this.#isSending) return
    if (passing.has(status)) return this.#failed(`status ${status}`)
    const isAccepted = status >= 200 && status < 300
    if (isAccepted) for (const trace of this.#batch) this.#counts.sent += spansIn(trace)
    else {
      this.#drop(this.#batch)
      this.#report(`status ${status}`)
    }
    this.#batch = []
    this.#failures = 0
    this.#isSending = false
    const { url } = this.#receiver
    if (isAccepted) this.#outages.resolve(url, { url }, 'traces sent again')
    if (this.#kept.length >= traceLimits.batchMax || this.#isClosed) this.#flush()
  }

  /** The same message is sent again later. */
  #failed(reason: string): void {
    if (!this.#isSending) return
    this.#isSending = false
    this.#report(reason)
    const wait = Math.min(traceLimits.retryMaxMs, traceLimits.retryMs * 2 ** this.#failures)
    this.#failures += 1
    this.#notBefore = systemClock.now() + wait
  }

  #report(reason: string): void {
    const { url } = this.#receiver
    this.#outages.report(url, reason, { url, reason }, 'traces not sent')
  }
}

const isSecure = ({ url }: Pick<Receiver, 'url'>): boolean => url.startsWith('https:')
