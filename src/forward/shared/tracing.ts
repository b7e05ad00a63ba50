// The trace of a request: one span for the request, and one for each attempt, when it is sampled. `server/` exports them.

import { randomFillSync } from 'node:crypto'
import { TRACEPARENT } from '../../wire/http/field-name.ts'
import type { Fields } from '../../wire/http/fields.ts'
import {
  readTraceParent,
  SAMPLED,
  type TraceParent,
  writeTraceParent,
} from '../../wire/trace-context.ts'
import type { AccessEntry } from './access-log.ts'

/** A try to get a response from a node. */
export interface AttemptSpan {
  readonly spanId: string
  readonly route: string
  readonly host: string
  readonly port: number
  /** http, https, ajp, h2c, ... */
  readonly type: string
  /** From the end of the request's head, ms. */
  readonly beganMs: number
  endedMs: number
  /** 0: no response. */
  status: number
  /** Why it failed; '' when it did not. */
  error: string
}

/** A sampled request that has ended. */
export interface TraceReport {
  readonly traceId: string
  readonly spanId: string
  /** '' when the trace began here. */
  readonly parentId: string
  readonly state: string
  readonly entry: AccessEntry
  readonly attempts: readonly AttemptSpan[]
}

export interface TracingOptions {
  /** Share of the traces that begin here, 0..1; of the others, the caller has decided. */
  readonly sample: number
  /** Whose traces are continued: everybody's, or those of trusted proxies. */
  readonly continues: 'all' | 'trusted'
  /** Called at the end of each sampled request. */
  readonly report: (trace: TraceReport) => void
  /** Default: the system's random bytes. */
  readonly fill?: (bytes: Buffer) => void
}

const poolBytes = 4_096

/** One for the process; a reload replaces it. */
export class Tracing {
  readonly #options: TracingOptions
  readonly #pool: Buffer = Buffer.alloc(poolBytes)
  #used = poolBytes

  constructor(options: TracingOptions) {
    this.#options = options
  }

  /** The trace that the request belongs to, or a new one. */
  begin(fields: Fields, isTrusted: boolean): RequestTrace {
    const { continues, sample } = this.#options
    const parent = continues === 'all' || isTrusted ? parentIn(fields) : undefined
    const spanId = this.newSpanId()
    if (parent !== undefined) return new RequestTrace(this, parent, spanId, stateIn(fields))
    const traceId = this.#hex(16)
    const flags = isSampled(traceId, sample) ? SAMPLED : 0
    return new RequestTrace(this, { traceId, spanId: '', flags }, spanId, '')
  }

  newSpanId(): string {
    return this.#hex(8)
  }

  report(trace: TraceReport): void {
    this.#options.report(trace)
  }

  #hex(bytes: number): string {
    if (this.#used + bytes > poolBytes) {
      const { fill = (pool: Buffer) => void randomFillSync(pool) } = this.#options
      fill(this.#pool)
      this.#used = 0
    }
    const from = this.#used
    this.#used += bytes
    return this.#pool.toString('hex', from, this.#used)
  }
}

export class RequestTrace {
  readonly #tracing: Tracing
  readonly #parent: TraceParent
  readonly spanId: string
  readonly #state: string
  readonly #attempts: AttemptSpan[] = []

  /** @param parent its `spanId` is '' when the trace begins here. @param state of `tracestate`. */
  constructor(tracing: Tracing, parent: TraceParent, spanId: string, state: string) {
    this.#tracing = tracing
    this.#parent = parent
    this.spanId = spanId
    this.#state = state
  }

  get traceId(): string {
    return this.#parent.traceId
  }

  get isSampled(): boolean {
    return (this.#parent.flags & SAMPLED) !== 0
  }

  /** `tracestate` belongs to the trace of the caller. */
  get isContinued(): boolean {
    return this.#parent.spanId !== ''
  }

  /** The value of `traceparent` for the node. */
  get parentForNode(): string {
    return writeTraceParent({ ...this.#parent, spanId: this.spanId })
  }

  /** @returns the id of the span. */
  beginAttempt({
    route,
    host,
    port,
    type,
    beganMs,
  }: Omit<AttemptSpan, 'spanId' | 'endedMs' | 'status' | 'error'>): string {
    const spanId = this.#tracing.newSpanId()
    // Spreading the given one takes several times as long.
    const attempt = {
      spanId,
      route,
      host,
      port,
      type,
      beganMs,
      endedMs: beganMs,
      status: 0,
      error: '',
    }
    this.#attempts.push(attempt)
    return spanId
  }

  /** @param status 0 without a response. */
  endAttempt(endedMs: number, status: number): void {
    const attempt = this.#attempts.at(-1)
    if (attempt === undefined) return
    attempt.endedMs = endedMs
    attempt.status = status
  }

  /** The present attempt has failed. */
  fail(code: string): void {
    const attempt = this.#attempts.at(-1)
    if (attempt !== undefined) attempt.error = code
  }

  end(entry: AccessEntry): void {
    const { spanId } = this
    const { traceId, spanId: parentId } = this.#parent
    const attempts = this.#attempts
    this.#tracing.report({ traceId, spanId, parentId, state: this.#state, entry, attempts })
  }
}

/** Of the only field; several are invalid. */
function parentIn(fields: Fields): TraceParent | undefined {
  let found = -1
  for (let f = 0; f < fields.count; f++) {
    if (fields.kinds[f] !== TRACEPARENT) continue
    if (found >= 0) return undefined
    found = f
  }
  return found < 0 ? undefined : readTraceParent(fields.value(found))
}

const tracestate = Buffer.from('tracestate')
/** Vendors need not pass on more [W3C Trace Context 3.3.1.5]. */
const stateMax = 512

/** For the spans; nodes get all fields as they are. */
function stateIn(fields: Fields): string {
  const f = fields.indexOf(tracestate)
  if (f < 0 || fields.valueTo(f) - fields.valueFrom(f) > stateMax) return ''
  return fields.value(f)
}

/** By the random bits of the trace's id, so that services with the same share choose the same traces. */
const isSampled = (traceId: string, share: number): boolean =>
  share >= 1 || Number.parseInt(traceId.slice(-13), 16) < share * 0x10_0000_0000_0000
