// The state that all connections of one process share: for exchanges, and for their clients' connections.

import type { LiveTable } from '../../cluster/live.ts'
import type { Corks } from '../../net/corks.ts'
import type { HeldByAddress } from '../../net/held-by-address.ts'
import type { PausedSockets } from '../../net/paused-sockets.ts'
import type { ViaLines } from '../../wire/forwarded.ts'
import type { ExchangePool } from '../exchange-pool.ts'
import type { ExchangeTraffic } from '../exchange-traffic.ts'
import type { FrontParts } from '../front-parts.ts'
import type { GoneNodes } from '../node/gone-nodes.ts'
import type { Pools } from '../node/pools.ts'
import type { Refusal } from '../refusal.ts'
import type { Rules } from '../rules/rules.ts'
import type { AccessLog } from '../shared/access-log.ts'
import type { Http2Shared } from '../shared/http2-shared.ts'
import type { RefusalLog } from '../shared/refusal-log.ts'
import type { StickyRules } from '../shared/sticky-rules.ts'
import type { Tracing } from '../shared/tracing.ts'

/** What follows from the settings; a reload replaces it (replace-settings.ts). */
export interface DerivedSettings {
  readonly unknownContext: Refusal
  readonly sticky: StickyRules
  readonly via: ViaLines
  readonly rules: Rules | undefined
  /** The line of Strict-Transport-Security. */
  readonly hsts: Buffer | undefined
  /** Client connections at a time; more are refused. */
  readonly clientsMax: number
  /** Whether this is the address of a trusted proxy. */
  readonly isTrusted: (address: string) => boolean
}

export interface Traffic extends ExchangeTraffic, DerivedSettings {
  readonly pools: Pools
  readonly live: LiveTable
  readonly exchanges: ExchangePool
  readonly corks: Corks
  readonly http2: Http2Shared
  readonly goneNodes: GoneNodes
  readonly refusalLog: RefusalLog
  /** Client connections whose first or present request has not arrived completely. */
  readonly arriving: HeldByAddress<{ destroy(): void }>
  readonly paused: PausedSockets
  /** Files and sockets that this process may have open; `undefined` without a limit. */
  readonly openFiles: number | undefined
  readonly frontParts: FrontParts | undefined
  /** A reload replaces it. */
  accessLog: AccessLog | undefined
  accessFields: readonly Buffer[]
  tracing: Tracing | undefined
}
