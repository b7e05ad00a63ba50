// Receives datagrams and adds the announcements that are accepted to the table of peers. All others are counted by
// reason; those that an operator can put right are logged.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { AnnouncementRefusal, PeerTable } from '../../cluster/peer-table.ts'
import type { Announcement } from '../../wire/announcement.ts'
import { type DatagramFault, readAnnouncement } from '../../wire/announcement-codec.ts'
import type { KeyRing } from '../../wire/announcement-key.ts'
import type { AcceptFrom } from './accept-from.ts'

/** `source`: from an address that is not accepted. `target`: would send requests to an address that is not accepted. */
type DatagramRefusal = DatagramFault | AnnouncementRefusal | 'source' | 'target'

/** Reasons that an operator can put right; the others occur in every network. */
const messages: ReadonlyMap<DatagramRefusal, string> = new Map([
  ['version', 'announcement refused: another version of the protocol'],
  ['unsigned', 'announcement refused: not authenticated, and a key is set here'],
  ['unknown-key', 'announcement refused: authenticated with a key that is not set here'],
  ['forged', 'announcement refused: wrong authentication code'],
  ['clock', 'announcement refused: the clock of the peer differs too much from the one here'],
  ['full', 'announcement refused: no room for another peer'],
  ['source', 'datagram refused: its source is not in acceptFrom'],
  [
    'target',
    'announcement refused: not authenticated, and its address is not in acceptFrom or is a name',
  ],
])

/** Time between two log lines about one reason, ms. */
const logEveryMs = 600_000

interface AnnouncementListenerOptions {
  readonly peers: PeerTable
  readonly keys: KeyRing
  readonly accept: AcceptFrom
  readonly clock: Clock
  readonly log: Logger
}

export class AnnouncementListener {
  readonly #options: AnnouncementListenerOptions
  /** When each reason was last logged. */
  readonly #loggedAt: Map<DatagramRefusal, number> = new Map()

  constructor(options: AnnouncementListenerOptions) {
    this.#options = options
  }

  /** Accepts any bytes and never throws. @param from address of the sender; `undefined`: a server of NATS has let it in. */
  receive(bytes: Buffer, from: string | undefined): void {
    const { accept, keys } = this.#options
    const isAccepted = from === undefined || accept.source(from)
    const read = isAccepted ? readAnnouncement(bytes, keys) : 'source'
    if (typeof read === 'string') return this.#log(this.#count(read), from)
    const refusal = this.#add(read)
    if (refusal !== undefined) this.#log(refusal, from, read)
  }

  #add(announcement: Announcement): DatagramRefusal | undefined {
    const { accept } = this.#options
    const { host, ask } = announcement
    // Questions to an address that is not accepted would reach another server.
    const isAccepted = accept.target(host) && (ask === undefined || accept.target(ask.host))
    if (!isAccepted) return this.#count('target')
    return this.#options.peers.accept(announcement)
  }

  #count(refusal: DatagramRefusal): DatagramRefusal {
    this.#options.peers.refuse(refusal)
    return refusal
  }

  #log(refusal: DatagramRefusal, from: string | undefined, announcement?: Announcement): void {
    const message = messages.get(refusal)
    if (message === undefined) return
    const { clock, log, peers } = this.#options
    const now = clock.now()
    const loggedAt = this.#loggedAt.get(refusal) ?? Number.NEGATIVE_INFINITY
    if (now - loggedAt < logEveryMs) return
    this.#loggedAt.set(refusal, now)
    const { name, time } = announcement ?? {}
    const wrongByMs = refusal === 'clock' && time !== undefined ? time - clock.wall() : undefined
    log.warn({ from, name, wrongByMs, soFar: peers.refused.get(refusal) }, message)
  }
}
