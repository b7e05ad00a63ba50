// Rotation among idle nodes of about the same cost. The figures of equal nodes differ by chance, and the least cost
// alone would send every request to the same node. Used by `byRoom`.

import type { Candidate } from './candidacy.ts'
import { shares } from './share.ts'
import { isBehind, isCapped } from './share-cap.ts'

/** Costs up to this multiple of the least are about the same: a mean of fifty responses is no more exact. */
const alikeTimes = 1.25
/** While all candidates are idle, and this node has had fewer responses than these, the multiple is higher. */
const fewResponses = 16
/** So are costs up to this much above the least, ms: one turn of an event loop. */
const alikeMs = 0.5

/** Whether the node is idle or due for a trial. Peers do not rotate: this server is preferred among them. */
export const canRotate = ({ peer, live: { room } }: Candidate, now: number): boolean =>
  peer === undefined && (room.inHand === 0 || room.trial.isDue(now))

/**
 * Whether a candidate takes part in the rotation. A node that never had a request does at any cost, to obtain its
 * figures; one whose load factor limits its share does only while it has not had its share, and then, if an
 * administrator has set it, although others answer sooner.
 * @param least the least cost, ms. @param most the highest weight among the candidates.
 * @param areIdle whether none of the candidates has a request in hand.
 */
export function isAlike(
  { live }: Candidate,
  cost: number,
  least: number,
  most: number,
  areIdle: boolean,
): boolean {
  const times = areIdle ? timesAfter(live.room.answers) : alikeTimes
  if (cost <= least * times) return true
  if (isCapped(live.wish, most)) return isBehind(live.wish, shares.of(live), cost, least)
  return cost <= least + alikeMs || live.room.trial.sentAt < 0
}

/** A few slow responses, such as the first ones of a process, tell little: the error of a mean falls with their root. */
const timesAfter = (responses: number): number =>
  1 + (alikeTimes - 1) * Math.sqrt(fewResponses / Math.min(fewResponses, Math.max(1, responses)))
