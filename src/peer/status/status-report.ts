// This server's view of all peers, as values: the content of the status page and its JSON form. The numbers are those of
// one process, so other peers may report others.

import { present } from '../../base/environment.ts'
import { hostPortText } from '../../base/host-port.ts'
import type { NodeLive } from '../../cluster/live.ts'
import type { Peer } from '../../cluster/peer.ts'
import type { PeerState } from '../../cluster/peer-table.ts'
import type { Resources } from '../../wire/announcement.ts'
import type { RoomReport } from '../../wire/ask.ts'
import type { AskedRequest } from '../asking/asked-request.ts'
import type { PeerMembership } from '../membership/membership.ts'

export interface PeerRow {
  readonly name: string
  /** Where requests are sent: `http://10.0.0.1:8080`. */
  readonly url: string
  readonly state: PeerState | 'self'
  /** Time since its last announcement arrived, ms; 0 for this server itself. */
  readonly ageMs: number
  /** Time since it started, by its own clock, ms. */
  readonly upMs: number
  readonly periodMs: number
  /** Paths that it serves; empty for all. */
  readonly contexts: readonly string[]
  readonly resources: Resources
  /** It answers questions about its room. */
  readonly canBeAsked: boolean
  /** Share of its recent announcements that did not arrive here, 0..1. */
  readonly loss: number
  /** What this server has sent to it: requests, those in flight, failed attempts, and bytes both ways. */
  readonly sent: {
    readonly requests: number
    readonly inFlight: number
    readonly failures: number
    readonly bytesSent: number
    readonly bytesRead: number
  }
}

/** A group of counters with a title. */
export interface CounterGroup {
  readonly title: string
  readonly counts: Readonly<Record<string, number>>
}

export interface PeersReport {
  /** Name of this server. */
  readonly name: string
  /** Wall time, ms. */
  readonly time: number
  /** Announcements are authenticated with a key. */
  readonly isAuthenticated: boolean
  /** Networks that announcements are accepted from; absent: any. */
  readonly acceptFrom?: readonly string[]
  readonly peers: readonly PeerRow[]
  readonly announcements: {
    readonly accepted: number
    /** Announcements of this server itself, which it receives too. */
    readonly own: number
    /** Refused datagrams by reason. */
    readonly refused: Readonly<Record<string, number>>
  }
  readonly counters: readonly CounterGroup[]
  /** The last request for which peers were asked; absent before the first. */
  readonly lastQuestion?: AskedReport
}

export interface AskedReport {
  /** Name of the server that was chosen; absent while answers are awaited. */
  readonly winner?: string
  /** This server first, then the peers that were asked. `room` is absent for one that has not answered. */
  readonly asked: readonly { readonly name: string; readonly room?: RoomReport }[]
}

export function peersReport(
  membership: PeerMembership,
  counters: readonly CounterGroup[] = [],
  lastQuestion?: AskedReport,
): PeersReport {
  const { table, live, settings, accept, self } = membership
  const now = settings.clock.now()
  const { own = 0, ...refused } = Object.fromEntries(table.refused)
  const { networks } = accept
  const others = table.rows().map(({ peer, state, loss }) => {
    return rowOf(peer, live.of(peer.id), state, now - peer.receivedAt, loss)
  })
  others.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    name: self.announcement.name,
    time: settings.clock.wall(),
    isAuthenticated: !settings.keys.isEmpty,
    ...(networks === undefined ? {} : { acceptFrom: networks }),
    peers: [rowOf(self, live.of(self.id), 'self', 0, 0), ...others],
    announcements: { accepted: table.accepted, own, refused },
    counters,
    ...present({ lastQuestion }),
  }
}

/** @param request the last one; `undefined` before the first. */
export function askedReport(request: AskedRequest | undefined): AskedReport | undefined {
  if (request === undefined) return undefined
  const { self, own, asked, winner } = request
  return {
    ...present({ winner: winner?.node.route }),
    asked: [{ candidate: self, report: own }, ...asked].map(({ candidate, report: room }) => ({
      name: candidate.node.route,
      ...present({ room }),
    })),
  }
}

function rowOf(
  { announcement }: Peer,
  { elected, inFlight, failures, bytesSent, bytesRead }: NodeLive,
  state: PeerRow['state'],
  ageMs: number,
  loss: number,
): PeerRow {
  const { name, scheme, host, port, contexts, resources, periodMs = 1_000 } = announcement
  return {
    name,
    url: `${scheme}://${hostPortText({ host, port })}`,
    state,
    ageMs: Math.round(ageMs),
    upMs: Math.max(0, announcement.time - announcement.startedAt),
    periodMs,
    contexts,
    resources,
    canBeAsked: announcement.ask !== undefined,
    loss,
    sent: { requests: elected, inFlight, failures, bytesSent, bytesRead },
  }
}
