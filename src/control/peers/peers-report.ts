// The cluster of peers as the proxy's operators see it: each peer, and who hands how much over to whom. Put together from the
// pages of the peers, since each knows only what it has sent itself. Pure.

import type { PeerPage, PeerPageRow } from './peer-page.ts'

export interface PeersReport {
  /** By name. */
  readonly peers: readonly PeerReport[]
  /** Pairs between which at least one request was sent, or tried. */
  readonly sent: readonly SentReport[]
  /** Pages that were not read, and why. */
  readonly problems: readonly { readonly page: string; readonly reason: string }[]
}

interface PeerReport {
  readonly name: string
  /** Where requests are sent to it. */
  readonly url: string
  /** Its page was read; what the others of its kind send is not known. */
  readonly isRead: boolean
  /** How many of the pages that were read have it as present; of those that know it. */
  readonly seenBy: number
  readonly knownBy: number
  /** Of its announcement, as it said itself or the first of the others heard it. */
  readonly resources: PeerPageRow['resources']
}

export interface SentReport {
  readonly from: string
  readonly to: string
  /** As `from` sees `to`. */
  readonly state: PeerPageRow['state']
  /** Share of the announcements of `to` that `from` did not get, 0..1. */
  readonly loss: number
  /** Since `from` started. */
  readonly requests: number
  readonly failures: number
  readonly inFlight: number
  /** Requests a second since the reading before; `null` at the first. */
  readonly perSecond: number | null
}

/** A page that was read, or why it was not. */
export type PageReading = { readonly page: string } & (
  | { readonly peer: PeerPage }
  | { readonly reason: string }
)

export interface EarlierReading {
  /** Monotonic ms. */
  readonly at: number
  /** Requests by the pair. */
  readonly requests: ReadonlyMap<string, number>
}

export const pairOf = (from: string, to: string): string => JSON.stringify([from, to])

/** @param now monotonic ms. @param earlier the reading before. */
export function peersReport(
  readings: readonly PageReading[],
  now: number,
  earlier: EarlierReading | undefined,
): PeersReport {
  const pages = readings.flatMap((reading) => ('peer' in reading ? [reading.peer] : []))
  return {
    peers: peersIn(pages),
    sent: pages.flatMap(({ name, peers }) =>
      peers
        .filter(({ state, sent }) => state !== 'self' && sent.requests + sent.failures > 0)
        .map((row) => sentReport(name, row, now, earlier)),
    ),
    problems: readings.flatMap((reading) =>
      'reason' in reading ? [{ page: reading.page, reason: reading.reason }] : [],
    ),
  }
}

function peersIn(pages: readonly PeerPage[]): readonly PeerReport[] {
  const rows = new Map<string, PeerPageRow[]>()
  for (const { peers } of pages)
    for (const row of peers) {
      const known = rows.get(row.name)
      if (known === undefined) rows.set(row.name, [row])
      else known.push(row)
    }
  const read = new Set(pages.map(({ name }) => name))
  return [...rows]
    .map(([name, [first, ...others]]) => {
      const all = first === undefined ? [] : [first, ...others]
      const own = all.find(({ state }) => state === 'self') ?? (first as PeerPageRow)
      const known = all.filter(({ state }) => state !== 'self')
      return {
        name,
        url: own.url,
        isRead: read.has(name),
        seenBy: known.filter(({ state }) => state === 'present').length,
        knownBy: known.length,
        resources: own.resources,
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function sentReport(
  from: string,
  { name: to, state, loss, sent }: PeerPageRow,
  now: number,
  earlier: EarlierReading | undefined,
): SentReport {
  const before = earlier?.requests.get(pairOf(from, to))
  const seconds = (now - (earlier?.at ?? now)) / 1_000
  // A peer that has started again counts from 0.
  const isKnown = before !== undefined && seconds > 0 && sent.requests >= before
  const perSecond = isKnown ? Number(((sent.requests - before) / seconds).toFixed(2)) : null
  return { from, to, state, loss, ...sent, perSecond }
}
