// How long to wait before a worker that has ended is replaced. Pure; called by the worker pool.

import { workerLimits } from '../../base/limits.ts'

/**
 * At once after a life that was long enough or the first short one; then longer and longer, ms.
 * @param shortLives how many workers in a row, up to this one, ended soon after their start.
 */
export function restartDelay(shortLives: number): number {
  if (shortLives <= 1) return 0
  const { restartMs, restartMsMax } = workerLimits
  return Math.min(restartMsMax, restartMs * 2 ** Math.min(shortLives - 2, 20))
}
