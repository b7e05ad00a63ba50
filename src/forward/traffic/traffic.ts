// What all connections of one proxy process share: settings, the present routes, the pools, the
// deadlines, and a few buffers. Passed down; there are no globals.

import type { Clock, Random } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Cascades } from '../../candidacy/cascades.ts'
import type { LiveTable } from '../../cluster/live.ts'
import type { Routes } from '../../cluster/routes.ts'
import type { Counters } from '../../cluster/traffic-counts.ts'
import type { Corks } from '../../net/corks.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import type { Ticker } from '../../net/ticker.ts'
import type { ViaLines } from '../../wire/forwarded.ts'
import { Out } from '../../wire/http/out.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangePool } from '../exchange-pool.ts'
import type { AjpShared } from '../node/ajp-shared.ts'
import type { Pools } from '../node/pools.ts'
import type { Refusal } from '../stages/refusal.ts'
import type { AccessLog } from './access-log.ts'
import type { ConnectionRoom } from './connection-room.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { ProxySettings } from './settings.ts'

/** What one read takes from a socket at most, bytes: an answer of 64 KB with its head comes in one. */
const readBytes = 81_920

/** What a head may grow by on its way through. */
const headRoomBytes = 16_384

/** Buffers that are kept for later: read buffers, and those in which requests are put together. */
const keptReadsMax = 256
const keptOutsMax = 1_024

/** Room for a request head of the usual size. */
const outBytes = 4_096

export interface Traffic {
  readonly settings: ProxySettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly ticker: Ticker
  readonly live: LiveTable
  readonly pools: Pools
  readonly accessLog: AccessLog | undefined
  /** Traffic has found that a node is down. */
  readonly onNodeDown: (id: number, reason: string) => void
  readonly counters: Counters
  readonly retryBudget: RetryBudget
  readonly buffers: Buffers
  readonly via: ViaLines
  readonly ajp: AjpShared
  /** The answer where no context is registered. */
  readonly unknownContext: Refusal
  readonly exchanges: ExchangePool
  /** Exchanges that wait for a usable node (WaitWorker). */
  readonly waiting: Set<Exchange>
  readonly room: ConnectionRoom
  readonly corks: Corks
  /** Client connections of all listeners. */
  clients: number
  isTrusted(address: string): boolean
  /** Notes that our own code threw; whoever was at work has been cut. */
  fault(error: unknown): void
  /** Which cascade holds for which path; replaced together with `routes`, which know their numbers. */
  cascades: Cascades
  /** For connections to nodes that begin now. */
  nodeTls: NodeTls
  /** The routes as of the last change. */
  routes: Routes
  /** Answers say `Connection: close`: no new requests are wanted, or none on the same connection. */
  draining: boolean
}

/** Buffers that are used again. */
export class Buffers {
  /** Where client connections read heads: good for the call in which bytes arrive, so all share one. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(readBytes)
  /** Where answers are put together. */
  readonly answer: Out = new Out(readBytes + headRoomBytes)
  readonly #large: Buffer[] = []
  readonly #outs: Out[] = []

  /** A read buffer for one connection, for bytes that must outlive the call. */
  leaseRead(): Buffer {
    return this.#large.pop() ?? Buffer.allocUnsafeSlow(readBytes)
  }
  releaseRead(buffer: Buffer): void {
    if (this.#large.length < keptReadsMax) this.#large.push(buffer)
  }

  /** A buffer in which one request is put together and kept until it is answered. */
  leaseOut(): Out {
    return this.#outs.pop() ?? new Out(outBytes)
  }
  releaseOut(out: Out): void {
    out.clear()
    if (this.#outs.length < keptOutsMax) this.#outs.push(out)
  }
}
