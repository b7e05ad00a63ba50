// The delay before a worker that has ended is replaced. Pure. Used by worker-pool.ts.

import { workerLimits } from '../../base/limits.ts'

/**
 * Milliseconds: 0 after a long life and after the first short one, then doubled each time.
 * @param shortLives how many workers in a row, including the last, ended soon after their start.
 */
export function restartDelay(shortLives: number): number {
  if (shortLives <= 1) return 0
  const { restartMs, restartMsMax } = workerLimits
  return Math.min(restartMsMax, restartMs * 2 ** Math.min(shortLives - 2, 20))
}
