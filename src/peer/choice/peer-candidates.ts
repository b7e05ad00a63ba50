// Peers as candidates, for candidacy functions and for the stages of an exchange. They are made anew when the list of
// peers changes; the node of a peer stays the same object, because its connection pool depends on it.

import type { Balancer } from '../../cluster/balancer.ts'
import { newDerived } from '../../cluster/candidate.ts'
import { contextLive, type LiveTable } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import type { Peer } from '../../cluster/peer.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import { Usual } from '../../cluster/usual.ts'

/** All peers are one group without sessions. A failed request may be sent twice more. */
export const peerBalancer: Balancer = {
  name: 'peers',
  slot: 0,
  sticky: false,
  cookie: '',
  pathParameter: '',
  stickyRemove: false,
  stickyForce: false,
  waitMs: 0,
  maxAttempts: 2,
}

export class PeerCandidates {
  /** This server. */
  self: Candidate | undefined
  /** There are no other peers. */
  isAlone = true
  /** Some peers serve certain paths only. */
  haveContexts = false
  /** Some other peer can be asked how much room it has. */
  canBeAsked = false
  /** Service time, ms: the mean of the peers' announced figures; 0 if there are none. */
  announcedMs = 0
  readonly #live: LiveTable
  /** The usual service time at this server and its peers. */
  readonly #usual: Usual = new Usual()
  #peers: readonly Peer[] | undefined
  #nodes: Map<number, Node> = new Map()
  #candidates: readonly Candidate[] = []
  #application: Application = applicationOf([])

  constructor(live: LiveTable) {
    this.#live = live
  }

  /** @param peers the same array as before when nothing has changed. */
  of(peers: readonly Peer[]): readonly Candidate[] {
    if (peers !== this.#peers) this.#renew(peers)
    return this.#candidates
  }

  /** The same as an application. */
  get application(): Application {
    return this.#application
  }

  #renew(peers: readonly Peer[]): void {
    // Before the first response the peers' announcements are the only source.
    this.announcedMs = announcedMs(peers)
    if (this.#usual.ms === 0) this.#usual.ms = this.announcedMs
    const nodes = new Map<number, Node>()
    this.#candidates = peers.map((peer) => {
      const before = this.#nodes.get(peer.id)
      const node = before !== undefined && isAt(before, peer) ? before : nodeOf(peer)
      nodes.set(peer.id, node)
      const alone: Candidate[] = []
      const live = this.#live.of(peer.id)
      live.room.usual = this.#usual
      const numbers = contextLive(live, '')
      const candidate = {
        node,
        live,
        contextLive: numbers,
        status: 'ENABLED',
        peer,
        alone,
      } as const
      alone.push(candidate)
      return candidate
    })
    this.self = this.#candidates.find(({ peer }) => peer?.isSelf === true)
    this.isAlone = peers.every((peer) => peer.isSelf)
    this.haveContexts = peers.some(({ announcement }) => announcement.contexts.length > 0)
    this.canBeAsked = peers.some(
      ({ isSelf, announcement }) => !isSelf && announcement.ask !== undefined,
    )
    this.#nodes = nodes
    this.#peers = peers
    this.#application = applicationOf(this.#candidates)
  }
}

/** Mean over the peers that announce it, ms; 0 when none does. */
function announcedMs(peers: readonly Peer[]): number {
  const known = peers.map(({ announcement }) => announcement.resources.ms).filter((ms) => ms > 0)
  return known.reduce((sum, ms) => sum + ms, 0) / Math.max(1, known.length)
}

function isAt(node: Node, { announcement }: Peer): boolean {
  const { host, port, scheme } = announcement
  return node.host === host && node.port === port && node.type === scheme
}

function nodeOf({ id, announcement }: Peer): Node {
  const { name, scheme, host, port } = announcement
  return peerNode({ id, route: name, host, port, type: scheme })
}

/** A node that is not registered, with defaults for everything that a registration would bring. */
export function peerNode(at: Pick<Node, 'id' | 'route' | 'host' | 'port' | 'type'>): Node {
  return {
    ...at,
    slot: at.id,
    balancer: peerBalancer.name,
    domain: '',
    reversed: false,
    flushPackets: 'off',
    flushWaitMs: 0,
    pingMs: 0,
    smax: -1,
    ttlMs: 0,
    timeoutMs: 0,
    removal: 'none',
    fixed: false,
  }
}

export function applicationOf(candidates: readonly Candidate[]): Application {
  return {
    path: '',
    cookie: new Uint8Array(0),
    candidates,
    derived: newDerived(),
    measured: [],
    isFound: true,
    balancer: peerBalancer,
  }
}
