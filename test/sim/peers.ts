// A cluster of peers in a simulation: each is a server with one or more workers (first come, first served), gets its
// share of all requests, decides by a cascade, and hands over in a fraction of a millisecond. The decisions, and the
// figures that they rest on, are the program's own; network, queues and time are the model's.

import type { Random } from '../../src/base/clock.ts'
import { askLimits } from '../../src/base/limits.ts'
import type { Candidate, ExchangeView, Inquiry, Means } from '../../src/candidacy/candidacy.ts'
import { Cascades } from '../../src/candidacy/cascades.ts'
import type { Cascade } from '../../src/candidacy/compose.ts'
import { decide } from '../../src/candidacy/decide.ts'
import { roomReport } from '../../src/candidacy/room-report.ts'
import { HeldRequest } from '../../src/cluster/held-requests.ts'
import { observeLatency } from '../../src/cluster/latency.ts'
import { type NodeLive, newLive } from '../../src/cluster/live.ts'
import { makePeer, type Peer } from '../../src/cluster/peer.ts'
import { Room } from '../../src/cluster/room.ts'
import { NoTrial } from '../../src/cluster/trial.ts'
import { Usual } from '../../src/cluster/usual.ts'
import { type Asked, AskedRequest } from '../../src/peer/asking/asked-request.ts'
import { drawOthers } from '../../src/peer/asking/draw.ts'
import { ServiceMeter } from '../../src/peer/membership/service-meter.ts'
import type { Announcement } from '../../src/wire/announcement.ts'
import type { RoomReport } from '../../src/wire/ask.ts'
import { balancerOf, nodeOf } from '../support/cluster-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { Events } from './events.ts'

export interface PeersGiven {
  /** Speed of each peer; 1 is the usual one. */
  readonly speeds: readonly number[]
  /** Requests that each peer works on at once. Default: one. */
  readonly workers?: readonly number[]
  readonly candidacy: readonly string[]
  /** Requests as a share of the capacity of all peers, 0..1. */
  readonly load: number
  /** Mean service time at speed 1, ms; exponentially distributed. */
  readonly serviceMs: number
  readonly seed: number
  /** Share of the requests that are long polls: they end after about 15 s and need no worker. Default 0. */
  readonly longPolls?: number
  /** Peers can be asked how much room they have. Default true. */
  readonly asks?: boolean
  /** Functions of the experiment's own, as a module's. */
  readonly policies?: Means['policies']
}

/** A request that was answered. */
export interface Answered {
  readonly at: number
  readonly ms: number
  readonly isError: boolean
}

const announceMs = 1_000
const longPollMs = 15_000
/** Time constant of the announced load average. */
const loadMs = 60_000

export class SimulatedPeers {
  readonly events: Events = new Events()
  readonly servers: Server[] = []
  readonly answered: Answered[] = []
  /** Requests for which peers were asked. */
  questions = 0
  readonly #given: PeersGiven
  /** For arrivals and work: the same for all cascades. */
  readonly #random: Random
  /** For choices, announcements and the network. */
  readonly #otherRandom: Random
  readonly #cascade: Cascade

  constructor(given: PeersGiven) {
    this.#given = given
    this.#random = seededRandom(given.seed)
    this.#otherRandom = seededRandom(given.seed + 1_000)
    this.#cascade = new Cascades(
      [{ path: '/', candidacy: given.candidacy }],
      { random: this.#otherRandom, routeKeys: [], policies: given.policies ?? new Map() },
      (name, error) => {
        throw new Error(`${name}: ${error}`)
      },
    ).find('/')
    given.speeds.forEach((speed, index) => {
      this.join(speed, given.workers?.[index])
    })
    this.#arrive()
  }

  /** A peer that has nothing to do yet, and is asked like the others from now on. */
  join(speed: number, workers: number = 1): Server {
    const server = new Server(this.servers.length, speed, workers, this.events)
    for (const other of this.servers) {
      other.meet(server, false)
      server.meet(other, false)
    }
    server.meet(server, true)
    this.servers.push(server)
    const announce = (): void => {
      server.announce()
      this.events.after(announceMs, announce)
    }
    // The first one at once, the next ones at times of its own.
    server.announce()
    this.events.after(announceMs * this.#otherRandom(), announce)
    return server
  }

  run(ms: number): void {
    this.events.runUntil(this.events.now() + ms)
  }

  #arrive(): void {
    const { load, serviceMs } = this.#given
    const capacity = this.servers.reduce((sum, { speed, workers }) => sum + speed * workers, 0)
    const every = serviceMs / (load * capacity)
    this.events.after(-Math.log(1 - this.#random()) * every, () => {
      this.#handle()
      this.#arrive()
    })
  }

  /** A request at a random server. */
  #handle(): void {
    const random = this.#random
    const entry = this.servers[Math.floor(random() * this.servers.length)]!
    const isLong = random() < (this.#given.longPolls ?? 0)
    const mean = isLong ? longPollMs : this.#given.serviceMs
    const job = { work: -Math.log(1 - random()) * mean, isLong }
    const begun = this.events.now()
    const settle = (isError: boolean): void => {
      if (!isLong) this.answered.push({ at: begun, ms: this.events.now() - begun, isError })
    }
    entry.received++
    const inquiry = this.#given.asks === false ? undefined : new OpenInquiry(this.#announcedMs())
    const view = new View(entry.self, inquiry)
    const { candidate } = decide(this.#cascade, entry.candidates, view, this.events)
    const among = inquiry?.among
    if (among === undefined) this.#serve(entry, candidate ?? entry.self, job, settle)
    else this.#ask(entry, among, (winner) => this.#serve(entry, winner, job, settle))
  }

  /** Questions and answers travel for as long as hand-overs do. */
  #ask(entry: Server, among: readonly Candidate[], decided: (winner: Candidate) => void): void {
    this.questions++
    const usualMs = this.#announcedMs()
    const drawn = drawOthers(among, entry.self, askLimits.peersMax, this.#otherRandom)
    const asked = drawn.map(
      (candidate): Asked => ({ candidate, canAnswer: true, report: undefined }),
    )
    const request = new AskedRequest(entry.self, asked, usualMs, this.events)
    this.events.after(this.#hopMs(), () => {
      for (const one of asked) {
        one.report = this.servers[one.candidate.node.id]!.report(usualMs)
      }
      const restMs = request.isAnswered ? this.#hopMs() : askLimits.waitMs
      this.events.after(restMs, () => decided(request.choose()))
    })
  }

  #announcedMs(): number {
    const known = this.servers.filter(({ announcedMs }) => announcedMs > 0)
    return known.reduce((sum, { announcedMs }) => sum + announcedMs, 0) / Math.max(1, known.length)
  }

  #serve(entry: Server, candidate: Candidate, job: Job, settle: (isError: boolean) => void): void {
    if (candidate.node.id === entry.id) return entry.serve(job, settle)
    const server = this.servers[candidate.node.id]!
    const { live } = candidate
    const begun = this.events.now()
    const request = new HeldRequest()
    entry.handed++
    server.arriving++
    live.inFlight++
    live.elected++
    live.room.begin(request, begun)
    this.events.after(this.#hopMs(), () => {
      server.arriving--
      server.serve(job, (isError) => {
        this.events.after(this.#hopMs(), () => {
          live.inFlight--
          const now = this.events.now()
          live.room.end(request, now, !isError)
          if (!isError) observeLatency(live.latency, now - begun, now)
          settle(isError)
        })
      })
    })
  }

  /** Transfer over the network, one way, with the processing at both ends. */
  #hopMs(): number {
    return 0.1 - Math.log(1 - this.#otherRandom()) * 0.05
  }
}

interface Job {
  /** Ms of a worker at speed 1; of a long poll, until it ends. */
  readonly work: number
  readonly isLong: boolean
}

export class Server {
  readonly id: number
  readonly speed: number
  readonly workers: number
  /** All servers as this one sees them. */
  readonly candidates: Known[] = []
  self!: Known
  /** Every request is answered with an error at once. */
  isFailing = false
  /** Requests of clients, and those of them that were handed over. */
  received = 0
  handed = 0
  /** Requests that have come to be served here, and those that were. */
  arrived = 0
  served = 0
  /** On their way here from other servers. */
  arriving = 0
  longestQueue = 0
  /** Requests that a worker has, or that wait for one. */
  waiting = 0
  readonly meter: ServiceMeter
  readonly #room: Room = new Room(new Usual(), new NoTrial())
  readonly #events: Events
  readonly #busyUntil: number[]
  #announcement: Announcement | undefined
  /** Its peer entry at the others, and at itself. */
  #peers: readonly [Peer, Peer] | undefined
  #inFlight = 0
  #frozenUntil = 0
  #load = 0
  #loadAt = 0
  #busyMs = 0

  constructor(id: number, speed: number, workers: number, events: Events) {
    this.id = id
    this.speed = speed
    this.workers = workers
    this.#events = events
    this.#busyUntil = Array.from({ length: workers }, () => 0)
    this.meter = new ServiceMeter(events, this.#room, undefined)
  }

  meet(other: Server, isSelf: boolean): void {
    const known = new Known(other, isSelf, newLive(isSelf ? this.#room : new Room()))
    known.live.room.usual = this.#room.usual
    this.candidates.push(known)
    if (isSelf) this.self = known
  }

  serve({ work, isLong }: Job, done: (isError: boolean) => void): void {
    const now = this.#events.now()
    const request = new HeldRequest()
    const { isFailing } = this
    this.arrived++
    this.#count(1)
    this.meter.begin(request)
    if (!isLong && !isFailing) this.waiting++
    this.longestQueue = Math.max(this.longestQueue, this.waiting)
    this.#events.after(
      isLong || isFailing ? (isFailing ? 0.1 : work) : this.#workMs(work, now),
      () => {
        this.#count(-1)
        if (!isLong && !isFailing) this.waiting--
        this.served++
        this.meter.end(request, isFailing ? 'error' : 'good')
        const tookMs = this.#events.now() - now
        if (!isFailing) observeLatency(this.self.live.latency, tookMs, this.#events.now())
        done(isFailing)
      },
    )
  }

  /** Until a worker has done it, ms. */
  #workMs(work: number, now: number): number {
    const busy = this.#busyUntil
    let first = 0
    for (let at = 1; at < busy.length; at++) if (busy[at]! < busy[first]!) first = at
    const ms = work / this.speed
    this.#busyMs += ms / this.workers
    busy[first] = Math.max(busy[first]!, now) + ms
    return busy[first]! - now
  }

  get inFlight(): number {
    return this.#inFlight
  }

  announce(): void {
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
        cores: 1,
        load: this.#load,
        loadHigh: 2 ** Math.ceil(Math.log2(Math.max(1, this.#load))),
        cpuIdle: idle,
        memoryTotal: 4e9,
        memoryAvailable: 2e9,
        eventLoopDelayMs: 0,
        ...this.meter.read(),
      },
    }
    this.#announcement = announcement
    this.#peers = [
      makePeer(this.id, announcement, now, false),
      makePeer(this.id, announcement, now, true),
    ]
  }

  get announcedMs(): number {
    return this.#announcement?.resources.ms ?? 0
  }

  get isFrozen(): boolean {
    return this.#events.now() < this.#frozenUntil
  }

  /** Nothing is worked on, and no question is answered. */
  freeze(ms: number): void {
    const now = this.#events.now()
    this.#frozenUntil = now + ms
    for (const [at, until] of this.#busyUntil.entries()) {
      this.#busyUntil[at] = Math.max(until, now) + ms
    }
  }

  /** What it answers when it is asked. */
  report(usualMs: number): RoomReport | undefined {
    if (this.isFrozen) return undefined
    return roomReport(this.#room, usualMs, this.#events.now())
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
  readonly live: NodeLive
  readonly contextLive = { inFlight: 0 }
  readonly status = 'ENABLED'
  readonly alone: readonly Candidate[]
  readonly #server: Server
  readonly #isSelf: boolean

  constructor(server: Server, isSelf: boolean, live: NodeLive) {
    this.live = live
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
  readonly affinity = undefined
  readonly tried: readonly number[] = []
  readonly self: Candidate
  readonly request = undefined
  readonly inquiry: Inquiry | undefined

  constructor(self: Candidate, inquiry: Inquiry | undefined) {
    this.self = self
    this.inquiry = inquiry
  }
}

class OpenInquiry implements Inquiry {
  readonly usualMs: number
  among: readonly Candidate[] | undefined

  constructor(usualMs: number) {
    this.usualMs = usualMs
  }
}
