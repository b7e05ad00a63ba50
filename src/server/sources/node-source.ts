// A source of fixed nodes: something that lists them, and lists others later. Each kind is one file; they are made by
// source-of.ts and followed by followed-source.ts.

import type { ListedNode } from '../../config/schema-nodes.ts'

export interface NodeSource {
  /**
   * Reports the whole list as it is now, and again whenever it may have changed, until the signal aborts. Rejects when
   * the list is not known completely: the last one stays in force, and the source is followed anew after a while.
   */
  follow(report: Report, signal: AbortSignal): Promise<void>
}

/** @param read makes the list; it is called once, when the list is to be used, unless a newer one is reported before. */
export type Report = (read: () => Found) => void

export interface Found {
  readonly nodes: readonly FoundNode[]
  /** Entries of the list that cannot be used, in words. */
  readonly problems: readonly string[]
}

/** An address, and what the source says about its node. */
export interface FoundNode extends ListedNode {
  /** Name that its certificate must have; absent: its host. */
  readonly serverName?: string
  /** Whether it is about to leave, so that it gets requests of its own sessions alone; absent: the source does not know. */
  readonly draining?: boolean
}

/** What is read as a whole, again and again. */
export interface Listing {
  /**
   * The whole list as it is now. Rejects when it cannot be read completely.
   * @param signal aborts when the deadline has passed or the source is not needed any more.
   */
  list(signal: AbortSignal): Promise<readonly FoundNode[]>
}

/** In the order of their addresses, which a server may change from answer to answer. The first node of an address counts. */
export function inOrder(nodes: readonly FoundNode[]): readonly FoundNode[] {
  const byPlace = new Map<string, FoundNode>()
  for (const node of nodes) {
    const place = placeOf(node)
    if (!byPlace.has(place)) byPlace.set(place, node)
  }
  return [...byPlace].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node)
}

const placeOf = ({ address }: FoundNode): string => `${address.host} ${address.port}`

/** Whether a number of a foreign program is a port: anything else would fail at each connection. */
export const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
