// A server's answer to a peer's question about its free capacity, and the cost of one more request by such an answer. A
// server compares itself by the same figures. Used by `byRoom` among peers, which asks only when this server has no
// room.

import type { Room } from '../cluster/room.ts'
import type { RoomReport } from '../wire/ask.ts'
import { crowding, errorFactor, expectedMsBeside } from './room-cost.ts'

/** A server is slow at this multiple of the usual time: peers may then be better although it has room. */
const slowTimes = 1.5
/** Round trips of a question and of a request to a peer, ms. */
const journeyMs = 0.5

/** @param usualMs usual service time at the peers, ms; 0 if unknown. @param now monotonic ms. */
export function roomReport(room: Room, usualMs: number, now: number): RoomReport {
  return {
    inHand: room.inHand,
    ms: room.answers === 0 ? usualMs : expectedMsBeside(room, usualMs, now),
    knee: room.knee,
    errorFactor: errorFactor(room, now),
  }
}

/** Whether a server serves a request without asking: it has room, is not slower than its peers, and has no errors. */
export function hasRoom(room: Room, usualMs: number, now: number): boolean {
  if (room.inHand >= room.knee) return false
  if (errorFactor(room, now) > 1) return false
  return usualMs === 0 || room.answers === 0
    ? true
    : expectedMsBeside(room, usualMs, now) < slowTimes * usualMs
}

/** Cost of one more request at this server, ms. */
export function costHere(report: RoomReport, usualMs: number): number {
  return report.errorFactor * waitingMs(report, usualMs)
}

/** The same at a peer. @param observed error factor of the peer by this server's own requests, at least 1. */
export function costThere(report: RoomReport, usualMs: number, observed: number): number {
  return Math.max(report.errorFactor, observed) * (waitingMs(report, usualMs) + journeyMs)
}

/** As `costAt` of room-cost.ts, without evenness. */
function waitingMs(report: RoomReport, usualMs: number): number {
  // All peers are equal before the first response.
  return (report.ms || usualMs || 1) * crowding(report)
}
