// The parts of the process that the stages of an exchange use: settings, cluster, counters and pools.

import type { Clock, Moment, Random } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { ThrottledLog } from '../base/throttled-log.ts'
import type { Cascades } from '../candidacy/cascades.ts'
import type { RequestTimes } from '../cluster/request-times.ts'
import type { Routes } from '../cluster/routes.ts'
import type { Counters } from '../cluster/traffic-counts.ts'
import type { Ticker } from '../net/ticker.ts'
import type { ConnectionSource } from './node/node-context.ts'
import type { Refusal } from './refusal.ts'
import type { Rules } from './rules/rules.ts'
import type { AccessLog } from './shared/access-log.ts'
import type { Admission } from './shared/admission.ts'
import type { Buffers } from './shared/buffers.ts'
import type { DateLine } from './shared/date-line.ts'
import type { HeldBodies } from './shared/held-bodies.ts'
import type { Queues } from './shared/queues.ts'
import type { RetryBudget } from './shared/retry-budget.ts'
import type { ProxySettings } from './shared/settings.ts'
import type { StickyRules } from './shared/sticky-rules.ts'
import type { Tracing } from './shared/tracing.ts'
import type { Uploads } from './shared/uploads.ts'

export type { HeldBody } from './shared/held-bodies.ts'
export type { Queued } from './shared/queues.ts'
export type { Upload } from './shared/uploads.ts'

/** An exchange that waits for a usable node (WaitWorker). */
export interface Waiting {
  /** Called at every tick and after every change of the cluster. */
  tryAgain(now: number): void
}

export interface ExchangeTraffic {
  /** The same object from start to end; a reload changes its values. */
  readonly settings: ProxySettings
  readonly clock: Clock
  /** When the last node was chosen; the attempt begins then. */
  readonly chosenAt: Moment
  /** When bytes of a node were read last. */
  readonly receivedAt: Moment
  readonly random: Random
  readonly log: Logger
  /** Responses of nodes that are not valid. */
  readonly invalidResponses: ThrottledLog
  /** Connections to nodes that this machine does not allow. */
  readonly shortages: ThrottledLog
  readonly date: DateLine
  readonly ticker: Ticker
  readonly counters: Counters
  readonly requestTimes: RequestTimes
  readonly buffers: Buffers
  readonly retryBudget: RetryBudget
  readonly pools: ConnectionSource
  readonly admission: Admission
  readonly waiting: Set<Waiting>
  readonly queues: Queues
  readonly heldBodies: HeldBodies
  /** By client address. Requests that are complete have the rest of the connections to nodes for themselves. */
  readonly uploads: Uploads
  readonly accessLog: AccessLog | undefined
  /** Records that our own code threw; the connection at work has been cut. */
  readonly fault: (error: unknown) => void
  /** Names of the fields that the access log asks for, in lower case. */
  readonly accessFields: readonly Buffer[]
  readonly newId: () => string
  readonly tracing: Tracing | undefined
  /** See `TrafficOptions`. */
  readonly onNodeDown: (id: number, reason: string, refused: boolean) => void
  readonly onNodeSuspect: (id: number) => void
  /** The response where no context is registered. */
  readonly unknownContext: Refusal
  /** `undefined` where the configuration has none. */
  readonly rules: Rules | undefined
  /** The line of Strict-Transport-Security for responses over TLS. */
  readonly hsts: Buffer | undefined
  /** The cascade of each path. */
  cascades: Cascades
  /** What sessions are recognised by beside the ids of the applications, and the proxy's own cookie. */
  readonly sticky: StickyRules
  /** The routes since the last change. */
  routes: Routes
  /** Responses have `Connection: close`: the process is about to end, or connections carry one request each. */
  draining: boolean
  /** The process accepts nothing more: a connection ends after its response, whatever that has said. */
  ending: boolean
}
