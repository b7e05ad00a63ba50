// Candidates for tests of the choice: nodes and peers with everything that does not matter filled in,
// what a function may know of a request, and cascades that let no failure pass unseen.

import type { ExchangeView, Inquiry, Means, RequestView } from '../../src/candidacy/candidacy.ts'
import { Cascades } from '../../src/candidacy/cascades.ts'
import type { Cascade, OnFailure } from '../../src/candidacy/compose.ts'
import type { Balancer } from '../../src/cluster/balancer.ts'
import { type NodeLive, newLive } from '../../src/cluster/live.ts'
import type { OwnSettings } from '../../src/cluster/own-settings.ts'
import { makePeer, type Peer } from '../../src/cluster/peer.ts'
import type { Candidate } from '../../src/cluster/routes.ts'
import type { Announcement, Resources } from '../../src/wire/announcement.ts'
import type { ContextStatus } from '../../src/wire/mcmp/context-status.ts'
import { balancerOf, nodeOf, ownOf } from './cluster-fixture.ts'
import { seededRandom } from './seeded-random.ts'

export interface NodeGiven {
  readonly factor?: number | undefined
  readonly domain?: string
  readonly status?: ContextStatus
  /** It is an entry of `to` that sets this. */
  readonly own?: Partial<OwnSettings>
  readonly live?: Partial<NodeLive>
}

export function nodeCandidate(id: number, given: NodeGiven = {}): Candidate {
  const loadFactor = 'factor' in given ? given.factor : 100
  const live = { ...newLive(), loadFactor, ...given.live }
  const own = given.own === undefined ? {} : { own: ownOf(given.own) }
  const node = nodeOf(id, { domain: given.domain ?? '', ...own })
  return candidateOf({ node, live, status: given.status ?? 'ENABLED', peer: undefined })
}

export interface PeerGiven extends Partial<Resources> {
  readonly announcement?: Partial<Omit<Announcement, 'resources'>>
  readonly receivedAt?: number
  readonly isSelf?: boolean
}

/** A peer `p1`, `p2`, ... with nothing to do. */
export function peerCandidate(id: number, given: PeerGiven = {}): Candidate {
  const { announcement, receivedAt, isSelf, ...resources } = given
  return candidateOf({
    node: nodeOf(id, { route: announcement?.name ?? `p${id}` }),
    live: newLive(),
    status: 'ENABLED',
    peer: makePeer(
      id,
      announcementOf(id, announcement, resources),
      receivedAt ?? 0,
      isSelf ?? false,
    ),
  })
}

/** The same candidate with another announcement, as its next one would make it; live numbers stay. */
export function announcedAgain(
  candidate: Candidate,
  resources: Partial<Resources>,
  receivedAt: number,
): Candidate {
  const before = candidate.peer as Peer
  const announcement = {
    ...before.announcement,
    sequence: before.announcement.sequence + 1,
    resources: { ...before.announcement.resources, ...resources },
  }
  return candidateOf({ ...candidate, peer: { ...before, receivedAt, announcement } })
}

function candidateOf(parts: Omit<Candidate, 'alone' | 'contextLive'>): Candidate {
  const alone: Candidate[] = []
  const { node, live, status, peer } = parts
  const contextLive = { inFlight: 0 }
  const made: Candidate = { node, live, contextLive, status, peer, alone }
  alone.push(made)
  return made
}

function announcementOf(
  id: number,
  given: PeerGiven['announcement'],
  resources: Partial<Resources>,
): Announcement {
  return {
    name: `p${id}`,
    scheme: 'http',
    host: `10.0.0.${id}`,
    port: 8_080,
    startedAt: 1_700_000_000_000,
    sequence: 1,
    time: 1_700_000_000_000,
    leaving: false,
    contexts: [],
    ...given,
    resources: {
      speed: 1,
      cores: 1,
      load: 0,
      loadHigh: 1,
      cpuIdle: 1,
      memoryTotal: 1e9,
      memoryAvailable: 1e9,
      eventLoopDelayMs: 0,
      slotsInUse: 0,
      slotsFree: 100,
      served: 0,
      serviceTimeMs: 0,
      ms: 0,
      knee: 0,
      inHand: 0,
      ...resources,
    },
  }
}

export interface ViewGiven {
  readonly route?: string
  readonly slot?: number
  readonly domain?: string
  readonly affinity?: number
  readonly hasSession?: boolean
  readonly sessionId?: string
  readonly tried?: readonly number[]
  readonly isQueued?: boolean
  readonly balancer?: Partial<Balancer>
  readonly self?: Candidate
  readonly inquiry?: Inquiry
  readonly request?: RequestView
}

export function viewOf(given: ViewGiven = {}): ExchangeView {
  return {
    balancer: balancerOf(given.balancer),
    hasSession: given.hasSession ?? given.route !== undefined,
    route: given.route,
    slot: given.slot,
    domain: given.domain ?? '',
    affinity: given.affinity,
    sessionId: given.sessionId ?? '',
    tried: given.tried ?? [],
    isQueued: given.isQueued ?? false,
    self: given.self,
    inquiry: given.inquiry,
    request: given.request,
  }
}

/** A request for `target` with these fields (names in lower case). */
export function requestOf(
  target: string,
  fields: Readonly<Record<string, string>> = {},
): RequestView {
  const known = new Map(Object.entries(fields))
  return {
    method: 'GET',
    target,
    host: 'www.example.com',
    client: '192.0.2.1',
    field: (name) => known.get(name),
  }
}

export function meansOf(given: Partial<Means> = {}): Means {
  return { random: seededRandom(1), routeKeys: [], policies: new Map(), ...given }
}

/** Fails where a function does, unless somebody wants to be told. */
export function cascadeOf(
  candidacy: readonly string[],
  means: Partial<Means> = {},
  onFailure: OnFailure = (name, error) => {
    throw new Error(`${name}: ${error}`)
  },
): Cascade {
  return new Cascades([{ path: '/', candidacy }], meansOf(means), onFailure).find('/')
}
