// A peer: a web server that runs Topspin in peer mode, by its last announcement. Replaced by another object at each
// announcement; what changes with every request is in its live numbers, as for a node.

import type { Announcement, Resources } from '../wire/announcement.ts'

export interface Peer {
  /** Number of this run of the peer in the table, unique; also the `node.id` of its candidate. */
  readonly id: number
  /** With all defaults filled in. */
  readonly announcement: Required<Announcement>
  /** Arrival of its last announcement, monotonic ms; of this server, when it was made. */
  readonly receivedAt: number
  /** This server itself. */
  readonly isSelf: boolean
}

/**
 * The only place where peers are made, so that all have the same object shape: choices read their figures for each request,
 * and V8 reads properties of many shapes several times as slowly.
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
  ask: of.ask,
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
  ms: of.ms,
  knee: of.knee,
  inHand: of.inHand,
})
