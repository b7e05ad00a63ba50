// The effect of load factors in `byRoom`: a request to a node that has had its share costs additional waiting. Shares
// follow the load factors while there is room; as queues grow, the waiting at the nodes outweighs them.

import type { Wish } from '../cluster/wish.ts'
import type { Share } from './share.ts'

/**
 * Additional waiting for a constant load factor, in service times: only long queues outweigh an administrator's
 * setting.
 */
const constantWaiting = 9
/** For a moving load factor: it holds up to about half of the load, and no further, because the measurement is old. */
const movingWaiting = 2
/** Moving load factors above this share of the highest, or within this many points of it, are noise. */
const movingBand = 0.7
const movingPoints = 10

/** Whether the node's share is limited. @param most the highest weight among the candidates. */
export function isCapped({ weight, isConstant }: Wish, most: number): boolean {
  if (isConstant) return weight < most
  return weight < movingBand * most && weight < most - movingPoints
}

/**
 * Whether a node has not had the share that an administrator has set, and costs no more than a node that has had its.
 * @param cost its cost, ms. @param least the least cost, ms.
 */
export function isBehind(
  { isConstant }: Wish,
  { credit }: Share,
  cost: number,
  least: number,
): boolean {
  return isConstant && credit >= 1 && cost <= least * (1 + constantWaiting)
}

/** Additional waiting of a node whose share is limited. @param earned credit that this choice adds. */
export function capWaiting({ isConstant }: Wish, { credit }: Share, earned: number): number {
  if (credit + earned >= 1) return 0
  return isConstant ? constantWaiting : movingWaiting
}
