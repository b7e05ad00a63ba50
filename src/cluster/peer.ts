// A peer: a web server that announces itself, as this process knows it. Replaced by another object at each
// announcement; what changes with every request stands in its live numbers, as with a node.

import type { Announcement } from '../wire/announcement.ts'

export interface Peer {
  /** Number of this run of the peer in our table, never used twice; also the `node.id` of its candidate. */
  readonly id: number
  readonly announcement: Announcement
  /** When its last announcement arrived, monotonic ms; for this server itself, always now. */
  readonly heardAt: number
  /** This server itself. */
  readonly isSelf: boolean
}
