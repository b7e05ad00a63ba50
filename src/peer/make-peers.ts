// Puts a server among its peers together: its membership, the choice for each request, and the hand-over. Called by
// `joinPeers` for a whole server, by `topspin peer`, and by `startPeers` for a middleware.

import { createSecretKey } from 'node:crypto'
import { present } from '../base/environment.ts'
import { handOverLimits, peerLimits } from '../base/limits.ts'
import { waitUntil } from '../base/wait.ts'
import { roomReport } from '../candidacy/room-report.ts'
import type { Peer } from '../cluster/peer.ts'
import type { PeerEvent } from '../cluster/peer-table.ts'
import { makeTraffic, type Traffic } from '../forward/index.ts'
import { NodeTls } from '../net/node-tls.ts'
import { probeBypassedResponse } from '../node-internals/bypassed-response.ts'
import { Asking } from './asking/asking.ts'
import { type Ask, CascadeChooser } from './choice/cascade-chooser.ts'
import { cascadesOf } from './choice/cascades-of.ts'
import { PeerCandidates } from './choice/peer-candidates.ts'
import { PeerProbes } from './choice/peer-probes.ts'
import { type HandOver, newCounts } from './hand-over/hand-over.ts'
import { LocalService } from './hand-over/local-service.ts'
import { Marks } from './hand-over/marks.ts'
import { HandOverPolicy } from './hand-over/policy.ts'
import { RefusedMarks } from './hand-over/refused-marks.ts'
import { UnderWay } from './hand-over/under-way.ts'
import { PeerMembership } from './membership/membership.ts'
import { type PeersOptions, peerDefaults } from './options.ts'
import { middlewareOf } from './parsed/middleware.ts'
import { ParsedHandOver } from './parsed/parsed-hand-over.ts'
import type { Peers } from './peers.ts'
import { StatusMount } from './status/status-mount.ts'
import { askedReport, type PeersReport, peersReport } from './status/status-report.ts'

/** The parts that `joinPeers` and `topspin peer` need, too. */
export interface StartedPeers extends Peers {
  readonly handOver: HandOver
  readonly parsed: ParsedHandOver
  readonly membership: PeerMembership
  readonly traffic: Traffic
}

/**
 * It is announced once `membership.announce` is called.
 * @throws TopspinError BAD_OPTION for values that are out of range.
 */
export function makePeers(options: PeersOptions): StartedPeers {
  // What can throw comes before the membership, which opens sockets.
  const failures = new Map<string, number>()
  const secrets = typeof options.key === 'string' ? [options.key] : (options.key ?? [])
  const routeKeys = secrets.map((secret) => Buffer.from(secret))
  const cascades = cascadesOf(options, routeKeys, failures)
  const counts = newCounts()
  const status = statusOf(options, () =>
    peersReport(
      membership,
      [
        { title: 'Requests', counts: { ...counts } },
        { title: 'Questions', counts: { ...asking.counts } },
        { title: 'Failed candidacy functions', counts: Object.fromEntries(failures) },
      ],
      askedReport(asking.last),
    ),
  )
  if (options.peerTls !== undefined) new NodeTls(options.peerTls)
  const membership = new PeerMembership(options, true)
  const { clock, log } = membership.settings

  const traffic = trafficOf(options, membership)
  const candidates = new PeerCandidates(membership.live)
  const peers = (): readonly Peer[] => membership.peers()
  const asking = askingOf(options, membership, candidates)
  const ask: Ask = (...of) => asking.begin(...of)
  const chooser = new CascadeChooser(cascades, { candidates, peers, clock, ask })
  const handOver: HandOver = {
    policy: new HandOverPolicy(traffic, chooser),
    marks: new Marks({
      keys: secrets.map((secret) => createSecretKey(secret, 'utf8')),
      isPeer: (address) => isPeer(address, membership),
      skewMs: options.skewMs,
      clock,
      via: traffic.via,
    }),
    local: new LocalService(membership.service, () => candidates.self?.live),
    underWay: new UnderWay(),
    counts,
    refusedMarks: new RefusedMarks(counts, clock, log),
    status,
  }
  const parsed = new ParsedHandOver(handOver)
  const probes = new PeerProbes(traffic)
  traffic.ticker.onTick(() => probes.tick(candidates.of(peers())))
  traffic.ticker.start()
  membership.onChange((event) => changed(event, handOver))

  const leave = once(async () => {
    chooser.isLeaving = true
    membership.leave()
    // Requests that are left after that are answered by the application here.
    await waitUntil(() => handOver.underWay.count === 0, { withinMs: peerDefaults.drainMs })
    handOver.underWay.abandonAll()
  })
  const close = once(async () => {
    await leave()
    traffic.ticker.stop()
    traffic.pools.close()
    await membership.close()
  })
  return {
    handOver,
    parsed,
    membership,
    traffic,
    name: membership.settings.identity.name,
    get known() {
      return membership.peers().map(({ announcement }) => announcement.name)
    },
    counts,
    middleware: middlewareOf(parsed, log),
    ready: membership.ready,
    leave,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @param report is called when the page is shown, not before. */
function statusOf(
  { statusPath, statusFrom = peerDefaults.statusFrom }: PeersOptions,
  report: () => PeersReport,
): StatusMount | undefined {
  if (statusPath === undefined) return undefined
  return new StatusMount({ statusPath, statusFrom, report })
}

/** Asks peers, and answers them as long as this server is announced. */
function askingOf(
  { skewMs = handOverLimits.markSkewMs }: PeersOptions,
  membership: PeerMembership,
  candidates: PeerCandidates,
): Asking {
  const { keys, clock, random } = membership.settings
  const { room } = membership.live.of(membership.self.id)
  const asking = new Asking({
    keys,
    clock,
    random,
    skewMs,
    accepts: (address) => membership.accept.source(address),
    report: () => {
      if (!membership.isPresent) return undefined
      candidates.of(membership.peers())
      return roomReport(room, candidates.announcedMs, clock.now())
    },
    send: (bytes, to) => membership.sendTo(bytes, to),
    refuse: (reason) => membership.table.refuse(reason),
  })
  membership.onAsk = (bytes, from) => asking.receive(bytes, from)
  return asking
}

function trafficOf(options: PeersOptions, { live, settings }: PeerMembership): Traffic {
  const { log, clock, random } = settings
  if (!probeBypassedResponse()) {
    const detail = { version: process.version }
    log.warn(detail, 'unsupported Node.js: parsed requests are not handed over')
  }
  return makeTraffic({
    live,
    log,
    clock,
    random,
    timeouts: { connectMs: peerDefaults.connectMs, ...present(options.timeouts ?? {}) },
    tickMs: peerLimits.tickMs,
    nodeTls: options.peerTls,
    // Every request that may be sent again is: few peers fail at a time, and they come back soon.
    retryBudget: 1,
  })
}

/** A proxy of the same network passes on fields of its clients, so the network of the source is not enough. */
function isPeer(address: string, membership: PeerMembership): boolean {
  const isAnnounced = ({ announcement }: Peer): boolean => announcement.host === address
  return membership.accept.source(address) && membership.peers().some(isAnnounced)
}

/** Requests do not wait for a silent peer. One that has left still answers its requests. */
function changed({ kind, peer }: PeerEvent, { underWay, policy }: HandOver): void {
  if (kind === 'silent') underWay.abandonPeer(peer.id)
  if (kind === 'forgotten') underWay.cutPeer(peer.id)
  if (kind === 'left' || kind === 'forgotten') policy.traffic.pools.drop(peer.id)
}

/** All calls get the result of the first. */
function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return () => {
    result ??= run()
    return result
  }
}
