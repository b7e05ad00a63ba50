// The cost of one more request at a node: the total waiting that it adds, ms. Used by `byRoom`.

import type { Room } from '../cluster/room.ts'

/** Responses at which a node's own figure and the usual one weigh the same. */
export const priorAnswers = 3
/** Cost of each request in hand below the knee: spreads requests over equal nodes that have room. */
const evenness = 0.1
/** Share of errors up to which they are ignored. */
const errorsMin = 0.01
/**
 * Weights of the square and the cube of the share of errors: one error multiplies the cost by 4, errors only by 201.
 */
const errorsSquared = 40
const errorsCubed = 160

/**
 * Below the knee a request takes `ms` and delays no other. With n >= knee c in hand, each takes n / c times as long,
 * all of them n x n / c, and one more raises that sum by (2n + 1) / c.
 * @param now monotonic ms. @param extra additional waiting, in multiples of the service time.
 */
export function costAt(room: Room, now: number, extra: number): number {
  return expectedMs(room, now) * (waitingAt(room, now) + extra) * errorFactor(room, now)
}

/**
 * Expected service time of a request, ms: the node's own figure, near the usual one while the node has few responses.
 */
export function expectedMs(room: Room, now: number): number {
  // All nodes are equal before the first response.
  const usual = room.usual.ms || 1
  if (room.answers === 0 || room.trial.isDue(now)) return usual
  return expectedMsBeside(room, usual, now)
}

/** The same for a node with at least one response. @param usual ms; 0 if unknown. */
export function expectedMsBeside(room: Room, usual: number, now: number): number {
  const { answers } = room
  const ms = room.ms(now)
  return usual === 0 ? ms : blended(usual, ms, answers, priorAnswers)
}

/** A mean of a prior figure and one of so many answers. @param weight answers that the prior counts as. */
export const blended = (prior: number, ms: number, answers: number, weight: number): number =>
  prior + ((ms - prior) * answers) / (answers + weight)

/** Waiting that one more request adds, in service times. */
export const crowding = ({ inHand, knee }: Pick<Room, 'inHand' | 'knee'>): number =>
  inHand < knee ? 1 : (2 * inHand + 1) / knee

/** A node that is due for a trial counts as idle: its requests in hand may never end. */
function waitingAt(room: Room, now: number): number {
  const { inHand } = room
  if (inHand === 0 || room.trial.isDue(now)) return 1
  return crowding(room) + evenness * inHand
}

/** 1 without errors, 4 after one, 6 at a share of a quarter, 201 when all responses are errors. */
export function errorFactor(room: Room, now: number): number {
  const share = room.errors.at(now)
  return share > errorsMin ? 1 + share * share * (errorsSquared + errorsCubed * share) : 1
}
