// Assembles the state that all connections of one process share. Called by the front proxy and by peers.

import { randomUUID } from 'node:crypto'
import { Moment, systemClock } from '../../base/clock.ts'
import { logLimits } from '../../base/limits.ts'
import { silent } from '../../base/log.ts'
import { ThrottledLog } from '../../base/throttled-log.ts'
import { LiveTable } from '../../cluster/live.ts'
import { RequestTimes } from '../../cluster/request-times.ts'
import { Routes } from '../../cluster/routes.ts'
import { emptySnapshot } from '../../cluster/snapshot.ts'
import { newCounters } from '../../cluster/traffic-counts.ts'
import { openFilesMax } from '../../host/open-files.ts'
import { Corks } from '../../net/corks.ts'
import { HeldByAddress } from '../../net/held-by-address.ts'
import { NodeTls } from '../../net/node-tls.ts'
import { PausedSockets } from '../../net/paused-sockets.ts'
import { Ticker } from '../../net/ticker.ts'
import { ExchangePool } from '../exchange-pool.ts'
import type { FrontParts } from '../front-parts.ts'
import { GoneNodes } from '../node/gone-nodes.ts'
import { Pools } from '../node/pools.ts'
import { Admission } from '../shared/admission.ts'
import { Buffers } from '../shared/buffers.ts'
import { DateLine } from '../shared/date-line.ts'
import { HeldBodies } from '../shared/held-bodies.ts'
import { Http2Shared } from '../shared/http2-shared.ts'
import { Queues } from '../shared/queues.ts'
import { RefusalLog } from '../shared/refusal-log.ts'
import { RetryBudget } from '../shared/retry-budget.ts'
import { newPseudonym, type TrafficOptions } from '../shared/settings.ts'
import { Uploads } from '../shared/uploads.ts'
import { makeCascades } from './make-cascades.ts'
import {
  completeSettings,
  derivedContext,
  derivedSettings,
  uploadLimits,
} from './replace-settings.ts'
import type { Traffic } from './traffic.ts'

/**
 * @param frontParts of those whose settings have `routes`, and whose nodes may speak AJP.
 * @throws RangeError for a candidacy function, a trusted network or an entry of `nodesAllow` that does not exist, and for
 * invalid settings of AJP.
 */
export function makeTraffic(options: TrafficOptions, frontParts?: FrontParts): Traffic {
  const {
    share,
    live = new LiveTable(share),
    accessLog,
    log = silent,
    clock = systemClock,
    random = Math.random,
    newId = randomUUID,
    policies = new Map(),
    onNodeDown = () => {},
    onNodeSuspect = () => {},
    openFiles = openFilesMax(),
    tickMs,
    ...given
  } = options
  const { nodeTls, nodesAllow, keepAlive = true } = given
  const settings = completeSettings(given, newPseudonym())
  const counters = newCounters()
  const buffers = new Buffers()
  const fault = (error: unknown): void => {
    counters.faults++
    // The response that was being assembled is lost with its connection.
    buffers.answer.clear()
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error({ reason }, 'fault: a connection was cut')
  }
  const ticker = new Ticker(clock, fault, tickMs)
  const paused = new PausedSockets()
  ticker.onTick((now) => paused.tick(now))
  const http2 = new Http2Shared()
  const derived = derivedSettings(settings, openFiles, frontParts)
  const nodes = {
    settings,
    share: live.share,
    liveOf: (id: number) => live.of(id),
    clock,
    log,
    ticker,
    buffers,
    http2,
    fault,
    ...derivedContext(settings, nodesAllow, derived, { openFiles, log, clock, frontParts }),
  }
  return {
    settings,
    clock,
    chosenAt: new Moment(clock),
    receivedAt: new Moment(clock),
    random,
    log,
    invalidResponses: new ThrottledLog(
      log,
      clock,
      'invalid response from node',
      logLimits.invalidResponseLinesMax,
    ),
    shortages: new ThrottledLog(log, clock, 'connection to node not possible on this machine'),
    date: new DateLine(clock),
    ticker,
    counters,
    requestTimes: new RequestTimes(),
    buffers,
    retryBudget: new RetryBudget(settings.retryBudget),
    pools: new Pools(nodes, new NodeTls(nodeTls), frontParts?.openAjp),
    admission: new Admission({
      connectionsMax: nodes.connectionsMax,
      ticker,
      loopTimes: () => performance.eventLoopUtilization(),
      fault,
    }),
    waiting: new Set(),
    queues: new Queues(fault),
    heldBodies: new HeldBodies(clock, fault),
    uploads: new Uploads(...uploadLimits(settings, openFiles)),
    accessLog,
    accessFields: [],
    newId,
    tracing: undefined,
    onNodeDown,
    onNodeSuspect,
    cascades: makeCascades(settings, { random, policies, counters, log }),
    routes: Routes.of(emptySnapshot, live, settings),
    draining: !keepAlive,
    ending: false,
    live,
    exchanges: new ExchangePool(frontParts?.ruleStages),
    corks: new Corks(),
    http2,
    goneNodes: new GoneNodes(fault),
    refusalLog: new RefusalLog(log, clock),
    arriving: new HeldByAddress(),
    paused,
    openFiles,
    frontParts,
    fault,
    ...derived,
  }
}
