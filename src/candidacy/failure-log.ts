// The log of candidacy functions that throw. A function that fails may fail for every request, so only the 1st,
// 2nd, 4th, 8th ... failure of each is logged. Used by the front proxy and by peers.

import type { Logger } from '../base/log.ts'
import type { OnFailure } from './compose.ts'

/**
 * Returns the `onFailure` of `Cascades`.
 * @param count counts one failure of the named function and returns how many it has had.
 */
export function failureLog(log: Logger, count: (name: string) => number): OnFailure {
  return (name, error) => {
    const failures = count(name)
    const isPowerOfTwo = (failures & (failures - 1)) === 0
    if (isPowerOfTwo)
      log.error({ name, failures, reason: String(error) }, 'candidacy function failed')
  }
}
