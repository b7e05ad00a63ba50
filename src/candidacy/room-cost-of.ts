// What one more request costs at a candidate of `byRoom`: at a node, at a peer, or at this server among its peers.
// A peer counts as a node whose requests from here are known, and as little as possible travels: this server is preferred,
// a hand-over costs something, and requests are not spread over peers that are alike.

import type { Peer } from '../cluster/peer.ts'
import type { Room } from '../cluster/room.ts'
import type { Candidate } from './candidacy.ts'
import { costAt, errorFactor, priorAnswers } from './room-cost.ts'

/** What is served here spares both servers the work of a hand-over. */
const hereFactor = 0.8
/** The way to a peer and back, ms. */
const hopMs = 0.3
/** Of a peer with so few answers what it announces and what was learnt here count the same. */
const toldAnswers = 8

/** @param now monotonic ms. @param extra waiting on top, in multiples of what a request takes. */
export function costOf({ peer, live }: Candidate, now: number, extra: number): number {
  const { room } = live
  if (peer === undefined) return costAt(room, now, extra)
  const cost = expectedMsAt(peer, room, now) * (waitingAt(room, now) + extra)
  return (peer.isSelf ? hereFactor * cost : cost + hopMs) * errorFactor(room, now)
}

/**
 * What a request is expected to take while there is room. What a peer announces stands in where little was learnt, but no
 * peer is preferred for it: the least of many announcements is chance, and all who read it would choose the same peer.
 */
function expectedMsAt({ announcement, isSelf }: Peer, room: Room, now: number): number {
  // While nothing is known of any peer, all are alike.
  const known = room.usual.ms || 1
  let { answers } = room
  if (room.trial.isDue(now)) return known
  let ms = room.ms(now)
  const announced = announcement.resources.ms
  if (!isSelf && announced > 0) {
    const told = Math.max(known, announced)
    ms = told + ((ms - told) * answers) / (answers + toldAnswers)
    answers += toldAnswers
  }
  return known + ((ms - known) * answers) / (answers + priorAnswers)
}

function waitingAt(room: Room, now: number): number {
  const { inHand, knee } = room
  return inHand < knee || room.trial.isDue(now) ? 1 : (2 * inHand + 1) / knee
}
