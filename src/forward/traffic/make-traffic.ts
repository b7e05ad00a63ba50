// Puts together what all connections of one process share; called by whoever forwards.

import { type Clock, type Random, systemClock } from '../../base/clock.ts'
import { type Logger, silent } from '../../base/log.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import { LiveTable } from '../../cluster/live.ts'
import { Routes } from '../../cluster/routes.ts'
import { emptySnapshot } from '../../cluster/snapshot.ts'
import { newCounters } from '../../cluster/traffic-counts.ts'
import { openFilesMax } from '../../host/open-files.ts'
import { Corks } from '../../net/corks.ts'
import { networkCheck } from '../../net/network-check.ts'
import { NodeTls, type NodeTlsOptions } from '../../net/node-tls.ts'
import { Ticker } from '../../net/ticker.ts'
import { viaLines } from '../../wire/forwarded.ts'
import { ExchangePool } from '../exchange-pool.ts'
import { AjpShared } from '../node/ajp-shared.ts'
import { Pools } from '../node/pools.ts'
import { unknownContext } from '../stages/refusal.ts'
import type { AccessLog } from './access-log.ts'
import { connectionRoom } from './connection-room.ts'
import { makeCascades } from './make-cascades.ts'
import { RetryBudget } from './retry-budget.ts'
import {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type Timeouts,
} from './settings.ts'
import { Buffers, type Traffic } from './traffic.ts'

export interface TrafficOptions extends Partial<Omit<ProxySettings, 'timeouts'>> {
  readonly timeouts?: Partial<Timeouts>
  /** Shared with the control listener, which then applies the changes to it; default: a table of its own. */
  readonly live?: LiveTable
  /** Told at once when traffic finds that a node is down, which is noted in the live numbers by then. */
  readonly onNodeDown?: (id: number, reason: string) => void
  /** Whether a client's connection may carry more than one request. Default true. */
  readonly keepAlive?: boolean
  readonly accessLog?: AccessLog | undefined
  /** The functions of users' modules that the cascades name, as `loadPolicies` gives them. */
  readonly policies?: ReadonlyMap<string, UserCandidacy>
  /** How nodes of the types https and wss are reached. Default: their certificates are verified as Node.js does. */
  readonly nodeTls?: NodeTlsOptions | undefined
  /** Files and sockets that this process may have open; default: what the system says. */
  readonly openFiles?: number
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

/** @throws RangeError for a candidacy function or a trusted network that does not exist, and for what AJP cannot do. */
export function makeTraffic(options: TrafficOptions): Traffic {
  const {
    live,
    accessLog,
    log,
    clock = systemClock,
    random = Math.random,
    policies = new Map(),
    timeouts,
    onNodeDown,
    nodeTls,
    openFiles = openFilesMax(),
    keepAlive = true,
    ...given
  } = options
  const settings: ProxySettings = {
    via: newPseudonym(),
    ...defaultSettings,
    ...given,
    timeouts: { ...defaultTimeouts, ...timeouts },
  }
  const table = live ?? new LiveTable()
  const counters = newCounters()
  const logger = log ?? silent
  const buffers = new Buffers()
  const fault = (error: unknown): void => {
    counters.faults++
    // What was being put together belongs to nobody now.
    buffers.answer.clear()
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error({ reason }, 'fault: a connection was cut')
  }
  return {
    settings,
    clock,
    random,
    log: logger,
    ticker: new Ticker(clock, fault),
    live: table,
    pools: new Pools(),
    accessLog,
    onNodeDown: onNodeDown ?? (() => {}),
    counters,
    retryBudget: new RetryBudget(settings.retryBudget),
    buffers,
    via: viaLines(settings.via),
    ajp: new AjpShared(settings.ajp),
    unknownContext: unknownContext(settings.noContextStatus),
    exchanges: new ExchangePool(),
    waiting: new Set(),
    room: connectionRoom(openFiles, settings.connectionsMax),
    corks: new Corks(),
    clients: 0,
    fault,
    isTrusted: networkCheck(settings.trust, 'trust'),
    cascades: makeCascades(settings, { random, policies, counters, log: logger }),
    nodeTls: new NodeTls(nodeTls),
    routes: new Routes(emptySnapshot, table, settings),
    draining: !keepAlive,
  }
}
