// Takes datagrams as they arrive and gives the table what is to be believed of them. Everything else is
// counted by reason; of what somebody should put right one is told now and then.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Peers, Refusal } from '../../cluster/peers.ts'
import type { Announcement } from '../../wire/announcement.ts'
import { type DatagramFault, readAnnouncement } from '../../wire/announcement-codec.ts'
import type { KeyRing } from '../../wire/announcement-key.ts'
import type { AcceptFrom } from './accept-from.ts'

/** `source`: not from an address that is believed. `target`: sends requests to where it may not. */
export type DatagramRefusal = DatagramFault | Refusal | 'source' | 'target'

/** What can only be put right by people; the rest happens in every network. */
const advice: ReadonlyMap<DatagramRefusal, string> = new Map([
  ['version', 'a peer speaks another version of the protocol'],
  ['unsigned', 'an announcement without a seal is refused, for a key is set here'],
  ['unknown-key', 'an announcement is sealed with a key that is not known here'],
  ['forged', 'the seal of an announcement is wrong'],
  ['clock', 'a peer is refused, for its clock differs too much from the one here'],
  ['full', 'there is no room for another peer'],
  ['source', 'a datagram is refused, for its source is not among those to accept from'],
  [
    'target',
    'an announcement without a seal leads out of the networks to accept from, or to a name',
  ],
])

/** Between two lines of the log about one reason, ms. */
const tellEveryMs = 600_000

export interface ListenerOptions {
  readonly peers: Peers
  readonly keys: KeyRing
  readonly accept: AcceptFrom
  readonly clock: Clock
  readonly log: Logger
}

export class Listener {
  readonly #options: ListenerOptions
  /** When each reason was last told. */
  readonly #told: Map<DatagramRefusal, number> = new Map()

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  /** Never throws; any bytes may come. */
  take(bytes: Buffer, from: string): void {
    const { accept, keys } = this.#options
    const read = accept.source(from) ? readAnnouncement(bytes, keys) : 'source'
    if (typeof read === 'string') return this.#tell(this.#count(read), from)
    const refusal = this.#offer(read)
    if (refusal !== undefined) this.#tell(refusal, from, read)
  }

  #offer(announcement: Announcement): DatagramRefusal | undefined {
    if (!this.#options.accept.target(announcement.host)) return this.#count('target')
    return this.#options.peers.take(announcement)
  }

  #count(refusal: DatagramRefusal): DatagramRefusal {
    this.#options.peers.refuse(refusal)
    return refusal
  }

  #tell(refusal: DatagramRefusal, from: string, announcement?: Announcement): void {
    const message = advice.get(refusal)
    if (message === undefined) return
    const { clock, log, peers } = this.#options
    const now = clock.now()
    const told = this.#told.get(refusal) ?? Number.NEGATIVE_INFINITY
    if (now - told < tellEveryMs) return
    this.#told.set(refusal, now)
    const { name, time } = announcement ?? {}
    const wrongByMs = refusal === 'clock' && time !== undefined ? time - clock.wall() : undefined
    log.warn({ from, name, wrongByMs, soFar: peers.refused.get(refusal) }, message)
  }
}
