// The table of peers: who announces itself, and who of them counts. A peer counts from its first
// announcement until it leaves or has been silent for nearly three of its periods; it is forgotten after
// twenty seconds more or less. Pure: the announcements were checked before (peer/), the clock is given.

import type { Clock } from '../base/clock.ts'
import { handOverLimits, peerLimits } from '../base/limits.ts'
import type { Announcement } from '../wire/announcement.ts'
import type { LiveTable } from './live.ts'
import { Loss } from './loss.ts'
import { makePeer, type Peer } from './peer.ts'

/** Why an announcement does not count. `own`: said by this very process. */
export type AnnouncementRefusal =
  | 'own'
  | 'clock'
  | 'double'
  | 'late'
  | 'old-run'
  | 'conflict'
  | 'full'

/** present: counts; the others do not. */
export type PeerState = 'present' | 'silent' | 'left'

export interface PeerEvent {
  /** `joined` for a new run too; `conflict`: two processes announce the name of this peer. */
  readonly kind: 'joined' | 'back' | 'silent' | 'left' | 'forgotten' | 'conflict'
  readonly peer: Peer
  /** What the other process with its name announces, for a `conflict`. */
  readonly other?: Announcement
}

export interface PeerTableOptions {
  readonly clock: Clock
  /** Gets and loses a row with each run of a peer. */
  readonly live: LiveTable
  /** Largest difference between the clocks of two machines, ms. Default 30 000. */
  readonly skewMs?: number
  /** Periods of a peer without a word from it until it does not count any more. Default 2.6. */
  readonly silentPeriods?: number
  /** Silence after which nothing is known of a peer any more, ms. Default 20 000. */
  readonly forgetMs?: number
  /** Must not throw. */
  readonly onEvent?: (event: PeerEvent) => void
}

interface Row {
  peer: Peer
  state: PeerState | 'forgotten'
  loss: Loss
  /** `#listened` when the last announcement arrived. */
  receivedAfter: number
  /** It was told that another process uses the name. */
  conflictReported: boolean
}

/** Looks in which this process was stopped count as so many at most. */
const pauseLooks = 4

/** An earlier run that still speaks so long after the start of the later one is no remainder in the network, ms. */
const overlapMs = 2_000

export class PeerTable {
  /** Datagrams that did not count, by reason. */
  readonly refused: Map<string, number> = new Map()
  /** Announcements that did. */
  accepted = 0

  readonly #options: PeerTableOptions
  readonly #skewMs: number
  readonly #rows: Map<string, Row> = new Map()
  #self: Peer | undefined
  #list: readonly Peer[] | undefined
  #lastId = 0
  #ownConflictReported = false
  /** How long this process has been listening, ms: who did not run could not listen either. */
  #listened = 0
  #sweptAt: number

  constructor(options: PeerTableOptions) {
    this.#options = options
    this.#skewMs = options.skewMs ?? handOverLimits.markSkewMs
    this.#sweptAt = options.clock.now()
  }

  /** This server and the peers that count, in the order in which they came; another array after each change. */
  list(): readonly Peer[] {
    if (this.#list === undefined) {
      const list = this.#self === undefined ? [] : [this.#self]
      for (const { state, peer } of this.#rows.values()) if (state === 'present') list.push(peer)
      this.#list = list
    }
    return this.#list
  }

  /** This server's own entry, undefined before the first `setSelf`. */
  get self(): Peer | undefined {
    return this.#self
  }

  /** All that is known of others, for the status page. */
  rows(): { readonly peer: Peer; readonly state: PeerState; readonly loss: number }[] {
    return [...this.#rows.values()].flatMap(({ peer, state, loss }) =>
      state === 'forgotten' ? [] : [{ peer, state, loss: loss.share }],
    )
  }

  /** What this server announces of itself; it needs no network to know that. */
  setSelf(announcement: Announcement): void {
    const id = this.#self?.id ?? ++this.#lastId
    this.#self = makePeer(id, announcement, this.#options.clock.now(), true)
    this.#list = undefined
  }

  /** An announcement that has just arrived; why it does not count, if so. */
  accept(announcement: Announcement): AnnouncementRefusal | undefined {
    const refusal = this.#refusalOf(announcement)
    if (refusal === undefined) this.accepted++
    else this.refuse(refusal)
    return refusal
  }

  /** Counts a datagram that did not even become an announcement. */
  refuse(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  /** Share of the announcements of the worst present peer that do not arrive here, 0..1. */
  get loss(): number {
    let worst = 0
    for (const { state, loss } of this.#rows.values()) {
      if (state === 'present' && loss.share > worst) worst = loss.share
    }
    return worst
  }

  /** The worst loss that a present peer tells of, 0..1. */
  get reportedLoss(): number {
    let worst = 0
    for (const { state, peer } of this.#rows.values()) {
      const { loss } = peer.announcement
      if (state === 'present' && loss > worst) worst = loss
    }
    return worst
  }

  /** Looks who has been silent for too long; to be called every `everyMs`. */
  sweep(everyMs: number): void {
    const { clock, silentPeriods = 2.6, forgetMs = 20_000 } = this.#options
    const now = clock.now()
    this.#listened += Math.min(Math.max(0, now - this.#sweptAt), pauseLooks * everyMs)
    this.#sweptAt = now
    for (const [name, row] of this.#rows) {
      const { announcement } = row.peer
      const silence = this.#listened - row.receivedAfter
      const silentMs = silentPeriods * announcement.periodMs
      if (row.state === 'present') {
        if (silence > silentMs) this.#become(row, 'silent')
      } else if (row.state !== 'forgotten') {
        if (silence > Math.max(forgetMs, silentMs)) {
          row.state = 'forgotten'
          this.#options.live.forget(row.peer.id)
          this.#notify('forgotten', row.peer)
        }
        // Until its last announcement is too old to be said again, the row is what a replay is held against.
      } else if (clock.wall() > announcement.time + this.#skewMs) this.#rows.delete(name)
    }
  }

  #refusalOf(announcement: Announcement): AnnouncementRefusal | undefined {
    const { clock } = this.#options
    const skewMs = this.#skewMs
    const { name, startedAt, time } = announcement
    const wall = clock.wall()
    if (this.#isOwn(announcement)) return 'own'
    if (Math.abs(time - wall) > skewMs || startedAt > wall + skewMs) return 'clock'
    if (this.#self?.announcement.name === name) return this.#otherRun(this.#self, announcement)
    const row = this.#rows.get(name)
    if (row === undefined) return this.#join(announcement)
    const known = row.peer.announcement
    if (startedAt < known.startedAt) return this.#otherRun(row.peer, announcement, row)
    if (startedAt > known.startedAt) {
      if (row.state !== 'forgotten') this.#options.live.forget(row.peer.id)
      this.#start(row, announcement)
      return undefined
    }
    if (!samePlace(known, announcement)) return this.#otherRun(row.peer, announcement, row)
    const arrival = row.loss.arrived(announcement.sequence)
    if (arrival !== 'new') return arrival
    this.#goOn(row, announcement)
    return undefined
  }

  #isOwn({ name, startedAt, port }: Announcement): boolean {
    const own = this.#self?.announcement
    return (
      own !== undefined && own.name === name && own.startedAt === startedAt && own.port === port
    )
  }

  /** Another process with the name of a known peer: the remainder of an earlier run, or one that runs now. */
  #otherRun(peer: Peer, other: Announcement, row?: Row): AnnouncementRefusal {
    const { startedAt } = peer.announcement
    if (other.startedAt < startedAt && other.time <= startedAt + overlapMs) return 'old-run'
    const wasReported = row?.conflictReported ?? this.#ownConflictReported
    if (row === undefined) this.#ownConflictReported = true
    else row.conflictReported = true
    if (!wasReported) this.#options.onEvent?.({ kind: 'conflict', peer, other })
    return 'conflict'
  }

  #join(announcement: Announcement): AnnouncementRefusal | undefined {
    if (this.#rows.size >= peerLimits.peersMax && !this.#makeRoom()) return 'full'
    const loss = new Loss(announcement.sequence)
    const peer = this.#peer(0, announcement)
    const row: Row = { peer, state: 'forgotten', loss, receivedAfter: 0, conflictReported: false }
    this.#rows.set(announcement.name, row)
    this.#start(row, announcement)
    return undefined
  }

  /** Drops one that is only remembered against replays. */
  #makeRoom(): boolean {
    for (const [name, { state }] of this.#rows) {
      if (state === 'forgotten') return this.#rows.delete(name)
    }
    return false
  }

  /** The first word of a run; it may be the last one, too. */
  #start(row: Row, announcement: Announcement): void {
    row.peer = this.#peer(++this.#lastId, announcement)
    row.loss = new Loss(announcement.sequence)
    row.receivedAfter = this.#listened
    row.conflictReported = false
    row.state = announcement.leaving ? 'left' : 'present'
    this.#list = undefined
    if (!announcement.leaving) this.#notify('joined', row.peer)
  }

  #goOn(row: Row, announcement: Announcement): void {
    const { state } = row
    row.receivedAfter = this.#listened
    row.peer = this.#peer(state === 'forgotten' ? ++this.#lastId : row.peer.id, announcement)
    this.#list = undefined
    if (announcement.leaving) {
      if (state === 'present' || state === 'silent') this.#become(row, 'left')
    } else if (state !== 'present') {
      row.state = 'present'
      this.#notify(state === 'forgotten' ? 'joined' : 'back', row.peer)
    }
  }

  #become(row: Row, state: 'silent' | 'left'): void {
    row.state = state
    this.#list = undefined
    this.#notify(state, row.peer)
  }

  #peer(id: number, announcement: Announcement): Peer {
    return makePeer(id, announcement, this.#options.clock.now(), false)
  }

  #notify(kind: PeerEvent['kind'], peer: Peer): void {
    this.#options.onEvent?.({ kind, peer })
  }
}

function samePlace(a: Announcement, b: Announcement): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme
}
