// Idle nodes that cost about the same take turns. What is learnt of nodes that are alike differs by chance, and the
// least cost alone would send one request after the other to the same node. Used by `byRoom`.

import type { Candidate } from './candidacy.ts'

/** Costs within so many times the least are about the same: a mean of fifty answers is no more exact. */
const alikeTimes = 1.25
/** So are costs within so much of the least, ms: the turn of an event loop. */
const alikeMs = 0.5

/** @returns up to which cost an idle node is as good as one that costs `least`. */
export const aboutTheSame = (least: number): number => Math.max(least * alikeTimes, least + alikeMs)

/** Whether the node is idle or due for a trial. Peers do not take turns: this server is preferred among them. */
export const canRotate = ({ peer, live: { room } }: Candidate, now: number): boolean =>
  peer === undefined && (room.inHand === 0 || room.trial.isDue(now))

/** Whether no request was ever sent to the node. It has its turn whatever is usual, so that its figures get known. */
export const isUntried = ({ live }: Candidate): boolean => live.room.trial.sentAt === 0
