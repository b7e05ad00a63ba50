// What a server answers when a peer asks how much room it has, and what one more request costs by such an answer. A server
// judges itself by the same figures. Used by `byRoom` among peers, which asks only when this server has no room.

import type { Room } from '../cluster/room.ts'
import type { RoomReport } from '../wire/ask.ts'
import { errorFactor, expectedMsBeside } from './room-cost.ts'

/** A server that takes so many times what is usual is slow: peers may be better although it has room. */
const slowTimes = 1.5
/** The way of a question and of a request to a peer and back, ms. */
const journeyMs = 0.5

/** @param usualMs what a request usually takes at the peers, ms; 0 when not known. @param now monotonic ms. */
export function roomReport(room: Room, usualMs: number, now: number): RoomReport {
  return {
    inHand: room.inHand,
    ms: room.answers === 0 ? usualMs : expectedMsBeside(room, usualMs, now),
    knee: room.knee,
    errorFactor: errorFactor(room, now),
  }
}

/** Whether a server serves a request at once: it has room, is not slower than its peers, and does not fail. */
export function hasRoom(room: Room, usualMs: number, now: number): boolean {
  if (room.inHand >= room.knee) return false
  if (errorFactor(room, now) > 1) return false
  return usualMs === 0 || room.answers === 0
    ? true
    : expectedMsBeside(room, usualMs, now) < slowTimes * usualMs
}

/** What one more request costs here, ms. */
export function costHere(report: RoomReport, usualMs: number): number {
  return report.errorFactor * waitingMs(report, usualMs)
}

/** The same at a peer. @param observed by what errors raise the cost of the peer as seen from here, at least 1. */
export function costThere(report: RoomReport, usualMs: number, observed: number): number {
  return Math.max(report.errorFactor, observed) * (waitingMs(report, usualMs) + journeyMs)
}

/** As `costAt` of room-cost.ts, without evenness. */
function waitingMs({ inHand, ms, knee }: RoomReport, usualMs: number): number {
  // While nothing is known of any peer, all are alike.
  return (ms || usualMs || 1) * (inHand < knee ? 1 : (2 * inHand + 1) / knee)
}
