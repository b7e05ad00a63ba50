// Assembles the state that all connections of one process share. Called by the front proxy and by peers.

import { Moment, systemClock } from '../../base/clock.ts'
import { heldLimits, logLimits } from '../../base/limits.ts'
import { silent } from '../../base/log.ts'
import { ThrottledLog } from '../../base/throttled-log.ts'
import { LiveTable } from '../../cluster/live.ts'
import { Routes } from '../../cluster/routes.ts'
import { emptySnapshot } from '../../cluster/snapshot.ts'
import { newCounters } from '../../cluster/traffic-counts.ts'
import { openFilesMax } from '../../host/open-files.ts'
import { checkedLookup } from '../../net/checked-lookup.ts'
import { Corks } from '../../net/corks.ts'
import { HeldByAddress } from '../../net/held-by-address.ts'
import { networkCheck } from '../../net/network-check.ts'
import { NodeTls } from '../../net/node-tls.ts'
import { PausedSockets } from '../../net/paused-sockets.ts'
import { Ticker } from '../../net/ticker.ts'
import { viaLines } from '../../wire/forwarded.ts'
import { ExchangePool } from '../exchange-pool.ts'
import { AjpShared } from '../node/ajp-shared.ts'
import { Pools } from '../node/pools.ts'
import { unknownContext } from '../refusal.ts'
import { Admission } from '../shared/admission.ts'
import { Buffers } from '../shared/buffers.ts'
import { connectionRoom } from '../shared/connection-room.ts'
import { DateLine } from '../shared/date-line.ts'
import { Http2Shared } from '../shared/http2-shared.ts'
import { Queues } from '../shared/queues.ts'
import { RefusalLog } from '../shared/refusal-log.ts'
import { RetryBudget } from '../shared/retry-budget.ts'
import {
  defaultSettings,
  defaultTimeouts,
  newPseudonym,
  type ProxySettings,
  type TrafficOptions,
} from '../shared/settings.ts'
import { StickyRules } from '../shared/sticky-rules.ts'
import { Uploads } from '../shared/uploads.ts'
import { makeCascades } from './make-cascades.ts'
import type { Traffic } from './traffic.ts'

/**
 * @throws RangeError for a candidacy function, a trusted network or an entry of `nodesAllow` that does not exist, and for
 * invalid settings of AJP.
 */
export function makeTraffic(options: TrafficOptions): Traffic {
  const {
    share,
    live = new LiveTable(share),
    accessLog,
    log = silent,
    clock = systemClock,
    random = Math.random,
    policies = new Map(),
    timeouts,
    onNodeDown = () => {},
    onNodeSuspect = () => {},
    nodeTls,
    nodesAllow,
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
  const counters = newCounters()
  const buffers = new Buffers()
  const fault = (error: unknown): void => {
    counters.faults++
    // The response that was being assembled is lost with its connection.
    buffers.answer.clear()
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error({ reason }, 'fault: a connection was cut')
  }
  const ticker = new Ticker(clock, fault)
  const paused = new PausedSockets()
  ticker.onTick((now) => paused.tick(now))
  const room = connectionRoom(openFiles, settings.connectionsMax)
  const isTrusted = networkCheck(settings.trust, 'trust')
  const ajp = new AjpShared(settings.ajp)
  const connectionsMax = room.nodes
  const lookup = nodesAllow && checkedLookup(nodesAllow, log, clock)
  const shared = { settings, clock, log, ticker, buffers, ajp }
  const nodes = { ...shared, share: live.share, connectionsMax, lookup, isTrusted, fault }
  return {
    settings,
    clock,
    chosenAt: new Moment(clock),
    random,
    log,
    invalidResponses: new ThrottledLog(
      log,
      clock,
      'invalid response from node',
      logLimits.invalidResponseLinesMax,
    ),
    date: new DateLine(clock),
    ticker,
    counters,
    buffers,
    retryBudget: new RetryBudget(settings.retryBudget),
    pools: new Pools(nodes, new NodeTls(nodeTls)),
    admission: new Admission({
      connectionsMax,
      ticker,
      loopTimes: () => performance.eventLoopUtilization(),
      fault,
    }),
    waiting: new Set(),
    queues: new Queues(fault),
    // Half of the connections to nodes are for requests that are complete. Without a least rate, slow bodies are usual.
    uploads: new Uploads(
      Math.max(1, Math.floor(room.nodes / 2)),
      settings.bodyMinRate === 0 ? Number.POSITIVE_INFINITY : heldLimits.uploadsAtNode,
    ),
    accessLog,
    onNodeDown,
    onNodeSuspect,
    unknownContext: unknownContext(settings.noContextStatus),
    sticky: new StickyRules(settings.sticky),
    cascades: makeCascades(settings, { random, policies, counters, log }),
    routes: Routes.of(emptySnapshot, live, settings),
    draining: !keepAlive,
    ending: false,
    live,
    via: viaLines(settings.via),
    exchanges: new ExchangePool(),
    corks: new Corks(),
    http2: new Http2Shared(),
    refusalLog: new RefusalLog(log, clock),
    arriving: new HeldByAddress(),
    paused,
    clientsMax: room.clients,
    isTrusted,
    fault,
  }
}
