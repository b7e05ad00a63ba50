// Takes datagrams as they arrive and gives the table what is to be believed of them. Everything else is
// counted by reason; of what somebody should put right the first one is told, too.

import { Complaints } from '../base/complaints.ts'
import type { Logger } from '../base/log.ts'
import type { Peers, Refusal } from '../cluster/peers.ts'
import type { Announcement } from '../wire/announcement.ts'
import { type DatagramFault, readAnnouncement } from '../wire/announcement-codec.ts'
import type { KeyRing } from '../wire/announcement-key.ts'
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

export class Listener {
  readonly #peers: Peers
  readonly #keys: KeyRing
  readonly #accept: AcceptFrom
  readonly #complaints: Complaints

  constructor(peers: Peers, keys: KeyRing, accept: AcceptFrom, log: Logger) {
    this.#peers = peers
    this.#keys = keys
    this.#accept = accept
    this.#complaints = new Complaints(log)
  }

  /** Never throws; any bytes may come. */
  take(bytes: Buffer, from: string): void {
    const read = this.#accept.source(from) ? readAnnouncement(bytes, this.#keys) : 'source'
    const announcement = typeof read === 'string' ? undefined : read
    const refusal = typeof read === 'string' ? this.#count(read) : this.#offer(read)
    const text = refusal === undefined ? undefined : advice.get(refusal)
    if (refusal === undefined || text === undefined) return
    this.#complaints.tell(refusal, refusal, { from, name: announcement?.name }, text)
  }

  #offer(announcement: Announcement): DatagramRefusal | undefined {
    if (!this.#accept.target(announcement.host)) return this.#count('target')
    return this.#peers.take(announcement)
  }

  #count(refusal: DatagramRefusal): DatagramRefusal {
    this.#peers.refuse(refusal)
    return refusal
  }
}
