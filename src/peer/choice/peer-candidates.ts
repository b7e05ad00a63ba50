// Peers as the stages of an exchange and the candidacy functions see them: candidates. Made anew when the
// list of peers changes; a peer's node stays the same object, for its pool hangs on it.

import type { Balancer } from '../../cluster/balancer.ts'
import { contextLive, type LiveTable } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import type { Peer } from '../../cluster/peer.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'

/** All peers are one group without sessions of MCMP's kind; a request that failed may be tried twice more. */
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
  /** This server among them. */
  self: Candidate | undefined
  /** There is nobody but this server. */
  isAlone = true
  /** Some serve certain paths only. */
  haveContexts = false
  readonly #live: LiveTable
  #peers: readonly Peer[] | undefined
  #nodes: Map<number, Node> = new Map()
  #candidates: readonly Candidate[] = []
  #application: Application = applicationOf([])

  constructor(live: LiveTable) {
    this.#live = live
  }

  /** The candidates for this list of peers, self included. */
  of(peers: readonly Peer[]): readonly Candidate[] {
    if (peers !== this.#peers) this.#renew(peers)
    return this.#candidates
  }

  /** The same as an application. */
  get application(): Application {
    return this.#application
  }

  #renew(peers: readonly Peer[]): void {
    const nodes = new Map<number, Node>()
    this.#candidates = peers.map((peer) => {
      const before = this.#nodes.get(peer.id)
      const node = before !== undefined && isAt(before, peer) ? before : nodeOf(peer)
      nodes.set(peer.id, node)
      const alone: Candidate[] = []
      const live = this.#live.of(peer.id)
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
    this.#nodes = nodes
    this.#peers = peers
    this.#application = applicationOf(this.#candidates)
  }
}

function isAt(node: Node, { announcement }: Peer): boolean {
  const { host, port, scheme } = announcement
  return node.host === host && node.port === port && node.type === scheme
}

function nodeOf({ id, announcement }: Peer): Node {
  const { name, scheme, host, port } = announcement
  return peerNode({ id, route: name, host, port, type: scheme })
}

/** A node that has registered nowhere: the stages of an exchange find all else at its defaults. */
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
  return { path: '', cookie: new Uint8Array(0), candidates, cascade: 0, balancer: peerBalancer }
}
