// The cost of one more request at a candidate of `byRoom`: a node, a peer, or this server among its peers. Of a peer
// only this server's own requests are counted. Hand-overs are kept few: this server is preferred, a hand-over has a
// cost, and requests are not spread over equal peers.

import type { Peer } from '../cluster/peer.ts'
import type { Room } from '../cluster/room.ts'
import type { Candidate } from './candidacy.ts'
import { blended, costAt, crowding, errorFactor, priorAnswers } from './room-cost.ts'

/** Serving a request here saves both servers the work of a hand-over. */
const hereFactor = 0.8
/** Round trip to a peer, ms. */
const hopMs = 0.3
/** Responses at which a peer's announced figure and the observed one weigh the same. */
const announcedAnswers = 8

/** @param now monotonic ms. @param extra additional waiting, in multiples of the service time. */
export function costOf({ peer, live }: Candidate, now: number, extra: number): number {
  const { room } = live
  if (peer === undefined) return costAt(room, now, extra)
  const cost = expectedMsAt(peer, room, now) * (waitingAt(room, now) + extra)
  return (peer.isSelf ? hereFactor * cost : cost + hopMs) * errorFactor(room, now)
}

/**
 * Expected service time of a request, ms. A peer's announced figure is the prior where few responses were observed, but
 * never below the usual time: the least of many announcements is chance, and all its readers would choose the same
 * peer.
 */
function expectedMsAt({ announcement, isSelf }: Peer, room: Room, now: number): number {
  // All peers are equal before the first response.
  const usual = room.usual.ms || 1
  let { answers } = room
  if (room.trial.isDue(now)) return usual
  let ms = room.ms(now)
  const announcedMs = announcement.resources.ms
  if (!isSelf && announcedMs > 0) {
    const prior = Math.max(usual, announcedMs)
    ms = blended(prior, ms, answers, announcedAnswers)
    answers += announcedAnswers
  }
  return blended(usual, ms, answers, priorAnswers)
}

const waitingAt = (room: Room, now: number): number => (room.trial.isDue(now) ? 1 : crowding(room))
