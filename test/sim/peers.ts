// Simulation of a cluster of peers. Each is a single-threaded server with a FIFO queue, receives its share of all requests,
// chooses by a cascade from the last announcements of the others, and hands over in a fraction of a millisecond. The decisions
// are Topspin's own code; network, queues and time belong to the model.

import type { Random } from '../../src/base/clock.ts'
import type { Candidate, ExchangeView, Means } from '../../src/candidacy/candidacy.ts'
import { Cascades } from '../../src/candidacy/cascades.ts'
import type { Cascade } from '../../src/candidacy/compose.ts'
import { decide } from '../../src/candidacy/decide.ts'
import { observeLatency } from '../../src/cluster/latency.ts'
import { type NodeLive, newLive } from '../../src/cluster/live.ts'
import { makePeer, type Peer } from '../../src/cluster/peer.ts'
import type { Announcement } from '../../src/wire/announcement.ts'
import { balancerOf, nodeOf } from '../support/cluster-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { Events } from './events.ts'

export interface PeersGiven {
  /** Speed of each peer; 1 is the usual one. */
  readonly speeds: readonly number[]
  readonly candidacy: readonly string[]
  /** Requests as a share of the capacity of all peers, 0..1. */
  readonly load: number
  /** Mean service time at speed 1, ms; exponentially distributed. */
  readonly serviceMs: number
  readonly seed: number
  /** Further candidacy functions, as of a user's module. */
  readonly policies?: Means['policies']
}

/** A request that was answered. */
export interface Answered {
  readonly at: number
  readonly ms: number
}

const announceMs = 1_000
/** Time constant of the announced load average. */
const loadMs = 60_000

export class SimulatedPeers {
  readonly events: Events = new Events()
  readonly servers: Server[] = []
  readonly answered: Answered[] = []
  readonly #given: PeersGiven
  readonly #random: Random
  readonly #cascade: Cascade

  constructor(given: PeersGiven) {
    this.#given = given
    this.#random = seededRandom(given.seed)
    this.#cascade = new Cascades(
      [{ path: '/', candidacy: given.candidacy }],
      { random: this.#random, routeKeys: [], policies: given.policies ?? new Map() },
      (name, error) => {
        throw new Error(`${name}: ${error}`)
      },
    ).find('/')
    for (const speed of given.speeds) this.join(speed)
    this.#arrive()
  }

  /** Adds an idle peer, which receives requests like the others from now on. */
  join(speed: number): Server {
    const server = new Server(this.servers.length, speed, this.events)
    for (const other of this.servers) {
      other.meet(server, false)
      server.meet(other, false)
    }
    server.meet(server, true)
    this.servers.push(server)
    const announce = (): void => {
      server.announce(1_000 / this.#given.serviceMs)
      this.events.after(announceMs, announce)
    }
    // The first announcement at once, the next ones at the peer's own times.
    server.announce(1_000 / this.#given.serviceMs)
    this.events.after(announceMs * this.#random(), announce)
    return server
  }

  run(ms: number): void {
    this.events.runUntil(this.events.now() + ms)
  }

  #arrive(): void {
    const { load, serviceMs } = this.#given
    const speed = this.servers.reduce((sum, server) => sum + server.speed, 0)
    const every = serviceMs / (load * speed)
    this.events.after(-Math.log(1 - this.#random()) * every, () => {
      this.#handle()
      this.#arrive()
    })
  }

  /** A request at a random server. */
  #handle(): void {
    const random = this.#random
    const entry = this.servers[Math.floor(random() * this.servers.length)]!
    const work = -Math.log(1 - random()) * this.#given.serviceMs
    const view = new View(entry.self)
    const { candidate, mode } = decide(this.#cascade, entry.candidates, view, this.events)
    const begun = this.events.now()
    const settle = (): void => {
      this.answered.push({ at: begun, ms: this.events.now() - begun })
    }
    if (candidate === undefined || mode === 'here') return entry.serve(work, settle)
    const server = this.servers[candidate.node.id]!
    const { live } = candidate
    live.inFlight++
    live.elected++
    this.events.after(this.#hopMs(), () => {
      server.serve(work, () => {
        this.events.after(this.#hopMs(), () => {
          live.inFlight--
          const now = this.events.now()
          observeLatency(live.latency, now - begun, now)
          settle()
        })
      })
    })
  }

  /** Transfer over the network, one way, with the processing at both ends. */
  #hopMs(): number {
    return 0.2 - Math.log(1 - this.#random()) * 0.1
  }
}

export class Server {
  readonly id: number
  readonly speed: number
  /** All servers as seen by this one. */
  readonly candidates: Known[] = []
  self!: Known
  /** Requests accepted for service here, and served ones. */
  arrived = 0
  served = 0
  longestQueue = 0
  readonly #events: Events
  #announcement: Announcement | undefined
  /** Its peer entry at the others, and at itself. */
  #peers: readonly [Peer, Peer] | undefined
  #busyUntil = 0
  #inFlight = 0
  #load = 0
  #loadAt = 0
  #busyMs = 0
  #typicalMs = 0

  constructor(id: number, speed: number, events: Events) {
    this.id = id
    this.speed = speed
    this.#events = events
  }

  meet(other: Server, isSelf: boolean): void {
    const known = new Known(other, isSelf)
    this.candidates.push(known)
    if (isSelf) this.self = known
  }

  serve(work: number, done: () => void): void {
    const now = this.#events.now()
    const ms = work / this.speed
    this.arrived++
    this.#count(1)
    this.#busyUntil = Math.max(this.#busyUntil, now) + ms
    this.#busyMs += ms
    this.longestQueue = Math.max(this.longestQueue, this.#inFlight)
    this.#events.after(this.#busyUntil - now, () => {
      this.#count(-1)
      this.served++
      const tookMs = this.#events.now() - now
      this.#typicalMs *= tookMs > this.#typicalMs ? 1.05 : 1 / 1.05
      this.#typicalMs ||= tookMs
      observeLatency(this.self.live.latency, tookMs, this.#events.now())
      done()
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  announce(speed: number): void {
    this.#count(0)
    const now = this.#events.now()
    const idle = Math.min(1, Math.max(0, 1 - this.#busyMs / announceMs))
    this.#busyMs = 0
    const announcement = {
      name: `p${this.id}`,
      scheme: 'http' as const,
      host: `10.0.${this.id >> 8}.${this.id & 255}`,
      port: 8_080,
      startedAt: 0,
      sequence: (this.#announcement?.sequence ?? 0) + 1,
      time: this.#events.wall(),
      leaving: false,
      contexts: [],
      resources: {
        speed: this.speed * speed,
        cores: 1,
        load: this.#load,
        loadHigh: 2 ** Math.ceil(Math.log2(Math.max(1, this.#load))),
        cpuIdle: idle,
        memoryTotal: 4e9,
        memoryAvailable: 2e9,
        eventLoopDelayMs: 0,
        slotsInUse: this.#inFlight,
        slotsFree: Math.max(0, 100 - this.#inFlight),
        served: this.served,
        serviceTimeMs: this.#typicalMs,
      },
    }
    this.#announcement = announcement
    this.#peers = [
      makePeer(this.id, announcement, now, false),
      makePeer(this.id, announcement, now, true),
    ]
  }

  peer(isSelf: boolean): Peer {
    return this.#peers![isSelf ? 1 : 0]
  }

  #count(change: number): void {
    const now = this.#events.now()
    const kept = Math.exp((this.#loadAt - now) / loadMs)
    this.#load = this.#load * kept + this.#inFlight * (1 - kept)
    this.#loadAt = now
    this.#inFlight += change
    if (this.self !== undefined) this.self.live.inFlight = this.#inFlight
  }
}

/** A server as seen by another: its last announcement, and the other's own live numbers. */
class Known implements Candidate {
  readonly node: Candidate['node']
  readonly live: NodeLive = newLive()
  readonly contextLive = { inFlight: 0 }
  readonly status = 'ENABLED'
  readonly alone: readonly Candidate[]
  readonly #server: Server
  readonly #isSelf: boolean

  constructor(server: Server, isSelf: boolean) {
    this.#server = server
    this.#isSelf = isSelf
    this.node = nodeOf(server.id)
    this.alone = [this]
  }

  get peer(): Peer {
    return this.#server.peer(this.#isSelf)
  }
}

class View implements ExchangeView {
  readonly balancer = balancerOf({ sticky: false })
  readonly hasSession = false
  readonly sessionId = ''
  readonly route = undefined
  readonly domain = ''
  readonly tried: readonly number[] = []
  readonly self: Candidate
  readonly request = undefined

  constructor(self: Candidate) {
    this.self = self
  }
}
