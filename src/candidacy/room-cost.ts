// What one more request costs at a node: the waiting that it adds in total, ms. Used by `byRoom`.

import type { Room } from '../cluster/room.ts'

/** Of a node with so few answers what is known and what is usual count the same. */
export const priorAnswers = 3
/** Spreads requests over nodes that are alike and have room, where every one of them is as good. */
const evenness = 0.1
/** Share of errors that is overlooked. */
const errorsMin = 0.01
/** What the square and the cube of the share of errors weigh: one error costs a few times as much, many 200 times. */
const errorsSquared = 40
const errorsCubed = 160

/**
 * Below the knee a request takes `ms` and delays no other. With n at the knee c or beyond, each takes n / c times as
 * long, n of them n x n / c, which one more raises by (2n + 1) / c.
 * @param now monotonic ms. @param extra waiting on top, in multiples of what a request takes.
 */
export function costAt(room: Room, now: number, extra: number): number {
  return expectedMs(room, now) * (waitingAt(room, now) + extra) * errorFactor(room, now)
}

/** What a request is expected to take while there is room: what was learnt, or what is usual where little was. */
export function expectedMs(room: Room, now: number): number {
  // While nothing is known of any node, all are alike.
  const usual = room.usual.ms || 1
  if (room.answers === 0 || room.trial.isDue(now)) return usual
  return expectedMsBeside(room, usual, now)
}

/** The same where something was learnt. @param usual ms; 0 when not known. */
export function expectedMsBeside(room: Room, usual: number, now: number): number {
  const { answers } = room
  const ms = room.ms(now)
  return usual === 0 ? ms : usual + ((ms - usual) * answers) / (answers + priorAnswers)
}

/** A node that is tried counts as idle: what it has in hand may be requests that never end. */
function waitingAt(room: Room, now: number): number {
  const { inHand, knee } = room
  if (inHand === 0 || room.trial.isDue(now)) return 1
  return (inHand < knee ? 1 : (2 * inHand + 1) / knee) + evenness * inHand
}

/** 1 without errors, 4 after one, 6 at a quarter, 201 when there is nothing else. */
export function errorFactor(room: Room, now: number): number {
  const share = room.errors.at(now)
  return share > errorsMin ? 1 + share * share * (errorsSquared + errorsCubed * share) : 1
}
