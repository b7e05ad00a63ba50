// The table of peers. A peer is present from its first announcement until it leaves, or until no announcement has arrived
// for 2.6 of its periods; after 20 s of silence it is forgotten. Pure: announcements are validated before
// (peer/membership/), the clock is a parameter.

import type { Clock } from '../base/clock.ts'
import { handOverLimits, peerLimits } from '../base/limits.ts'
import type { Announcement } from '../wire/announcement.ts'
import type { LiveTable } from './live.ts'
import { Loss } from './loss.ts'
import { makePeer, type Peer } from './peer.ts'

/**
 * Why an announcement is refused. `own`: sent by this process; `clock`: its times are too far from this clock; `double`,
 * `late`: see `Loss`; `old-run`: sent by an earlier run; `conflict`: another process uses the name; `full`: table full.
 */
export type AnnouncementRefusal =
  | 'own'
  | 'clock'
  | 'double'
  | 'late'
  | 'old-run'
  | 'conflict'
  | 'full'

/** Only present peers are candidates. */
export type PeerState = 'present' | 'silent' | 'left'

export interface PeerEvent {
  /** `joined` also for a new run; `conflict`: another process announces the name of this peer. */
  readonly kind: 'joined' | 'back' | 'silent' | 'left' | 'forgotten' | 'conflict'
  readonly peer: Peer
  /** For a `conflict`: the announcement of the other process. */
  readonly other?: Announcement
}

interface PeerTableOptions {
  readonly clock: Clock
  /** Each run of a peer has a row there, dropped with the run. */
  readonly live: LiveTable
  /** Largest accepted difference between the clocks of two machines, ms. Default `handOverLimits.markSkewMs`. */
  readonly skewMs?: number
  /** Periods of a peer without an announcement after which it is silent. Default 2.6. */
  readonly silentPeriods?: number
  /** Silence after which a peer is forgotten, ms; at least the one after which it is silent. Default 20 000. */
  readonly forgetMs?: number
  /** Called for each event; must not throw. */
  readonly onEvent?: (event: PeerEvent) => void
}

interface Row {
  peer: Peer
  state: PeerState | 'forgotten'
  loss: Loss
  /** `#listened` at the arrival of its last announcement. */
  receivedAfter: number
  /** A conflict about its name was reported. */
  conflictReported: boolean
  /** `startedAt` of the last runs that are over: their announcements are delayed or replayed. */
  ended: readonly number[]
}

/** Longest time between two sweeps that counts, in sweep intervals: a process that was suspended received nothing. */
const pauseLooks = 4

/** Datagrams that an earlier run sent within this time after the start of the later one count as delayed ones, ms. */
const overlapMs = 2_000

/** Ended runs of a peer whose announcements are recognised, the latest ones. */
const endedRunsMax = 8

/** `Peer.id` of this server itself. */
export const selfId = 1

export class PeerTable {
  /** Refused datagrams by reason. */
  readonly refused: Map<string, number> = new Map()
  /** Accepted announcements. */
  accepted = 0

  readonly #options: PeerTableOptions
  readonly #skewMs: number
  readonly #rows: Map<string, Row> = new Map()
  #self: Peer | undefined
  #list: readonly Peer[] | undefined
  #lastId = selfId
  #ownConflictReported = false
  /** Time for which this process has been running, ms; without the times in which it was suspended. */
  #listened = 0
  #sweptAt: number

  constructor(options: PeerTableOptions) {
    this.#options = options
    this.#skewMs = options.skewMs ?? handOverLimits.markSkewMs
    this.#sweptAt = options.clock.now()
  }

  /** This server and the present peers, in order of arrival; another array after each change. */
  list(): readonly Peer[] {
    if (this.#list === undefined) {
      const list = this.#self === undefined ? [] : [this.#self]
      for (const { state, peer } of this.#rows.values()) if (state === 'present') list.push(peer)
      this.#list = list
    }
    return this.#list
  }

  /** This server's own entry; `undefined` before the first `setSelf`. */
  get self(): Peer | undefined {
    return this.#self
  }

  /** All known other peers, for the status page. */
  rows(): { readonly peer: Peer; readonly state: PeerState; readonly loss: number }[] {
    return [...this.#rows.values()].flatMap(({ peer, state, loss }) =>
      state === 'forgotten' ? [] : [{ peer, state, loss: loss.share }],
    )
  }

  /** Sets this server's own announcement. */
  setSelf(announcement: Announcement): void {
    this.#self = makePeer(selfId, announcement, this.#options.clock.now(), true)
    this.#list = undefined
  }

  /** Processes a valid announcement that has just arrived. @returns why it is refused; `undefined` when accepted. */
  accept(announcement: Announcement): AnnouncementRefusal | undefined {
    const refusal = this.#refusalOf(announcement)
    if (refusal === undefined) this.accepted++
    else this.refuse(refusal)
    return refusal
  }

  /** Counts a refused datagram. */
  refuse(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  /** Highest share of announcements of a present peer that were lost on the way here, 0..1. */
  get loss(): number {
    let worst = 0
    for (const { state, loss } of this.#rows.values()) {
      if (state === 'present' && loss.share > worst) worst = loss.share
    }
    return worst
  }

  /** Highest loss that a present peer reports, 0..1. */
  get reportedLoss(): number {
    let worst = 0
    for (const { state, peer } of this.#rows.values()) {
      const { loss } = peer.announcement
      if (state === 'present' && loss > worst) worst = loss
    }
    return worst
  }

  /** Finds peers that have become silent. @param everyMs interval between two calls. */
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
        // The row is kept to detect replays, until its last announcement is too old to be accepted.
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
    // Where the clock of a server was put back, the run that follows another seems to be the earlier one.
    const isEarlier = startedAt < known.startedAt && row.state === 'present'
    if (isEarlier || row.ended.includes(startedAt)) {
      return this.#otherRun(row.peer, announcement, row)
    }
    if (startedAt !== known.startedAt) {
      row.ended = [...row.ended.slice(1 - endedRunsMax), known.startedAt]
      if (row.state !== 'forgotten') this.#options.live.forget(row.peer.id)
      this.#start(row, announcement)
      return undefined
    }
    if (!sameAddress(known, announcement)) return this.#otherRun(row.peer, announcement, row)
    const arrival = row.loss.arrived(announcement.sequence)
    if (arrival !== 'new') return arrival
    this.#continue(row, announcement)
    return undefined
  }

  #isOwn({ name, startedAt, port }: Announcement): boolean {
    const own = this.#self?.announcement
    return (
      own !== undefined && own.name === name && own.startedAt === startedAt && own.port === port
    )
  }

  /** An announcement of another process with the name of a known peer: a late one of an earlier run, or a conflict. */
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
    const row: Row = {
      peer,
      state: 'forgotten',
      loss,
      receivedAfter: 0,
      conflictReported: false,
      ended: [],
    }
    this.#rows.set(announcement.name, row)
    this.#start(row, announcement)
    return undefined
  }

  /** Drops a row that is kept only to detect replays. */
  #makeRoom(): boolean {
    for (const [name, { state }] of this.#rows) {
      if (state === 'forgotten') return this.#rows.delete(name)
    }
    return false
  }

  /** The first announcement of a run; it can be the last one too. */
  #start(row: Row, announcement: Announcement): void {
    row.peer = this.#peer(++this.#lastId, announcement)
    row.loss = new Loss(announcement.sequence)
    row.receivedAfter = this.#listened
    row.conflictReported = false
    row.state = announcement.leaving ? 'left' : 'present'
    this.#list = undefined
    if (!announcement.leaving) this.#notify('joined', row.peer)
  }

  #continue(row: Row, announcement: Announcement): void {
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

function sameAddress(a: Announcement, b: Announcement): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme
}
