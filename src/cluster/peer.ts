// A peer: a web server that announces itself, as this process knows it. Replaced by another object at each
// announcement; what changes with every request stands in its live numbers, as with a node.

import type { Announcement, Resources } from '../wire/announcement.ts'

export interface Peer {
  /** Number of this run of the peer in our table, never used twice; also the `node.id` of its candidate. */
  readonly id: number
  /** With nothing left to its default. */
  readonly announcement: Required<Announcement>
  /** When its last announcement arrived, monotonic ms; for this server itself, always now. */
  readonly receivedAt: number
  /** This server itself. */
  readonly isSelf: boolean
}

/**
 * The one place where peers are made, so that all have the same shape, whoever put the announcement together:
 * choices read their figures for each request, and V8 reads those of many shapes several times as slowly.
 */
export function makePeer(
  id: number,
  announcement: Announcement,
  receivedAt: number,
  isSelf: boolean,
): Peer {
  return { id, announcement: shaped(announcement), receivedAt, isSelf }
}

const shaped = (of: Announcement): Required<Announcement> => ({
  name: of.name,
  scheme: of.scheme,
  host: of.host,
  port: of.port,
  startedAt: of.startedAt,
  sequence: of.sequence,
  time: of.time,
  leaving: of.leaving,
  contexts: of.contexts,
  periodMs: of.periodMs ?? 1_000,
  loss: of.loss ?? 0,
  resources: shapedResources(of.resources),
})

const shapedResources = (of: Resources): Resources => ({
  speed: of.speed,
  cores: of.cores,
  load: of.load,
  loadHigh: of.loadHigh,
  cpuIdle: of.cpuIdle,
  memoryTotal: of.memoryTotal,
  memoryAvailable: of.memoryAvailable,
  eventLoopDelayMs: of.eventLoopDelayMs,
  slotsInUse: of.slotsInUse,
  slotsFree: of.slotsFree,
  served: of.served,
  serviceTimeMs: of.serviceTimeMs,
})
