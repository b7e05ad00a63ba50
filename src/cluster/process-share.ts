// The part of this process in limits that several processes share: traffic workers do not count each other's requests.

export interface ProcessShare {
  /** From 0. */
  readonly index: number
  /** Number of the processes. */
  readonly of: number
}

export const wholeShare: ProcessShare = { index: 0, of: 1 }

/**
 * The parts of all processes add up to the limit; with a limit below their number each has 1.
 * @param limit 0: none. @returns Infinity without a limit.
 */
export function partOf(limit: number, { index, of }: ProcessShare): number {
  if (limit === 0) return Number.POSITIVE_INFINITY
  return Math.max(1, Math.floor(limit / of) + (index < limit % of ? 1 : 0))
}
