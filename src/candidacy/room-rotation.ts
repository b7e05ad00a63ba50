// Rotation among idle nodes of about the same cost. The figures of equal nodes differ by chance, and the least cost
// alone would send every request to the same node. Used by `byRoom`.

import type { Candidate } from './candidacy.ts'

/** Costs up to this multiple of the least are about the same: a mean of fifty responses is no more exact. */
const alikeTimes = 1.25
/** So are costs up to this much above the least, ms: one turn of an event loop. */
const alikeMs = 0.5

/** @returns the greatest cost that counts as about the same as `least`. */
export const aboutTheSame = (least: number): number => Math.max(least * alikeTimes, least + alikeMs)

/** Whether the node is idle or due for a trial. Peers do not rotate: this server is preferred among them. */
export const canRotate = ({ peer, live: { room } }: Candidate, now: number): boolean =>
  peer === undefined && (room.inHand === 0 || room.trial.isDue(now))

/** Whether no request was ever sent to the node. It takes part in the rotation at any cost, to obtain its figures. */
export const isUntried = ({ live }: Candidate): boolean => live.room.trial.sentAt === 0
