// How load factors count in `byRoom`: at a node that has had the share of the requests that it asks for, one more costs
// as if it waited longer. While there is room the shares are what the nodes ask for; as queues grow, they decide.

import type { Wish } from '../cluster/wish.ts'
import type { Share } from './share.ts'

/** Extra waiting, in multiples of what a request takes: a wish of the administrator's gives way to long queues only. */
const constantWaiting = 9
/** For a measurement: enough to be kept up to half of the load, and no more, since it is old. */
const movingWaiting = 2
/** Measurements within this of the highest are noise, and so are those that differ by so many points. */
const movingBand = 0.7
const movingPoints = 10

/** Whether the node's share counts. @param most the highest weight among the candidates. */
export function isCapped({ weight, isConstant }: Wish, most: number): boolean {
  if (isConstant) return weight < most
  return weight < movingBand * most && weight < most - movingPoints
}

/** Extra waiting of a node whose share counts. @param earned by this choice. */
export function capWaiting({ isConstant }: Wish, { credit }: Share, earned: number): number {
  if (credit + earned >= 1) return 0
  return isConstant ? constantWaiting : movingWaiting
}
