// A web server among its peers: its membership, the choice for each request, and the hand-over. Called by
// `joinPeers` for a whole server, and by whoever uses the middlewares.

import { TopspinError } from '../base/errors.ts'
import { silent } from '../base/log.ts'
import { waitUntil } from '../base/wait.ts'
import { Cascades } from '../candidacy/cascades.ts'
import { failureLog } from '../candidacy/failure-log.ts'
import type { Peer } from '../cluster/peer.ts'
import type { PeerEvent } from '../cluster/peers.ts'
import { makeTraffic, type Traffic } from '../forward/index.ts'
import { NodeTls } from '../net/node-tls.ts'
import { probeBypassedResponse } from '../node-internals/bypassed-response.ts'
import { CascadeChooser } from './choice/cascade-chooser.ts'
import { PeerCandidates } from './choice/peer-candidates.ts'
import { PeerWatch } from './choice/watch-peers.ts'
import { LocalService } from './hand-over/local-service.ts'
import { PeerMembership } from './membership/membership.ts'
import { HandOver, type HandOverCounts } from './parsed/hand-over.ts'
import { middlewareOf, type PeerMiddleware } from './parsed/middleware.ts'
import { cascadeEntries, markKeys, type PeersOptions, secretsOf } from './peers-options.ts'
import { StatusMount } from './status/status-mount.ts'
import { type PeersReport, peersReport } from './status/status-report.ts'

/** A server of this process as one of its peers. */
export interface Peers extends AsyncDisposable {
  readonly name: string
  /** Names of those that count now, this one included. */
  readonly known: readonly string[]
  /** What was done with the requests that arrived. */
  readonly counts: Readonly<HandOverCounts>
  /** For Connect and Express; see `fastifyPeers`, `koaPeers`, `honoPeers` and `nestPeers` for others. */
  readonly middleware: PeerMiddleware
  /** Resolves when the sockets for announcements are open, or complained about. */
  readonly ready: Promise<void>
  /** Says goodbye and hands nothing over any more; resolves when what was handed over is answered. */
  leave(): Promise<void>
  /** Leaves, and ends everything of it. The server itself stays as it is. */
  close(): Promise<void>
}

/** What `joinPeers` and the commands need beside it. */
export interface StartedPeers extends Peers {
  readonly handOver: HandOver
  readonly membership: PeerMembership
  readonly traffic: Traffic
}

/** How long answers of peers are waited for while leaving, ms; after that the application here takes over. */
const leaveMs = 10_000

/** Throws a TopspinError that names what is wrong with the options; then nothing has been opened. */
export function startPeers(options: PeersOptions): StartedPeers {
  const started = makePeers(options)
  started.membership.announce()
  return started
}

/** The same without announcing this server yet. */
export function makePeers(options: PeersOptions): StartedPeers {
  const failures = new Map<string, number>()
  const cascades = cascadesOf(options, failures)
  const status = statusMount(options, () =>
    peersReport(membership, [
      { title: 'Requests', counts: { ...handOver.counts } },
      { title: 'Failed candidacy functions', counts: Object.fromEntries(failures) },
    ]),
  )
  // Tried before anything is opened: a bad certificate is an option like any other.
  if (options.peerTls !== undefined) new NodeTls(options.peerTls)
  const membership = new PeerMembership(options)
  const { live, settings } = membership
  const { log, clock, random } = settings
  if (!probeBypassedResponse()) {
    const message = 'this Node.js does not let answers of peers through: nothing is handed over'
    log.warn({ version: process.version }, message)
  }
  const traffic = makeTraffic({
    live,
    log,
    clock,
    random,
    timeouts: { connectMs: 1_000, ...options.timeouts },
    nodeTls: options.peerTls,
    // Peers that fail are few and come back soon; what may be sent again is.
    retryBudget: 1,
  })
  const candidates = new PeerCandidates(live)
  const peers = (): readonly Peer[] => membership.peers()
  const chooser = new CascadeChooser(cascades, { candidates, peers, clock })
  const handOver = new HandOver({
    traffic,
    chooser,
    keys: markKeys(options),
    isPeer: (address) => membership.accept.source(address) && isHost(peers(), address),
    skewMs: options.skewMs,
    local: new LocalService(membership.service, () => candidates.self?.live),
    status,
  })
  const watch = new PeerWatch(traffic)
  traffic.ticker.onTick(() => watch.look(candidates.of(peers())))
  traffic.ticker.start()
  membership.onChange((event) => lost(event, handOver, traffic))

  let left: Promise<void> | undefined
  const leave = async (): Promise<void> => {
    chooser.isLeaving = true
    membership.leave()
    await waitUntil(() => handOver.underWay === 0, { withinMs: leaveMs })
    handOver.close()
  }
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    left ??= leave()
    await left
    traffic.ticker.stop()
    traffic.pools.close()
    await membership.close()
  }
  return {
    handOver,
    membership,
    traffic,
    name: membership.settings.identity.name,
    get known() {
      return membership.peers().map(({ announcement }) => announcement.name)
    },
    counts: handOver.counts,
    middleware: middlewareOf(handOver, log),
    ready: membership.ready,
    leave() {
      left ??= leave()
      return left
    },
    close() {
      closed ??= close()
      return closed
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function cascadesOf(options: PeersOptions, failures: Map<string, number>): Cascades {
  const { random = Math.random, policies = new Map(), log = silent } = options
  const routeKeys = secretsOf(options).map((secret) => Buffer.from(secret))
  const entries = cascadeEntries(options)
  try {
    const onFailure = failureLog(log, (name) => {
      const count = (failures.get(name) ?? 0) + 1
      failures.set(name, count)
      return count
    })
    return new Cascades(entries, { random, policies, routeKeys }, onFailure)
  } catch (error) {
    const detail = { side: 'proxy', phase: 'control', cause: error } as const
    throw new TopspinError('BAD_OPTION', (error as Error).message, detail)
  }
}

function statusMount(
  { statusPath, statusFrom = ['127.0.0.0/8', '::1'] }: PeersOptions,
  report: () => PeersReport,
): StatusMount | undefined {
  return statusPath === undefined ? undefined : new StatusMount({ statusPath, statusFrom, report })
}

/** A proxy of the same network passes on whatever its clients say, so it is not enough to be near. */
const isHost = (peers: readonly Peer[], address: string): boolean =>
  peers.some(({ announcement }) => announcement.host === address)

/** A peer that has fallen silent is not waited for; one that has left answers what it has in hand. */
function lost({ kind, peer }: PeerEvent, handOver: HandOver, traffic: Traffic): void {
  if (kind === 'silent') handOver.lost(peer.id)
  if (kind === 'left' || kind === 'forgotten') traffic.pools.drop(peer.id)
}
