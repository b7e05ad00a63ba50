// Detects a stalled server: its kernel accepts connections, but the server answers nothing. Checked only while requests
// wait at a node, so answered requests cost nothing. Used by `bySession`.

import { stallLimits } from '../base/limits.ts'
import type { Room } from './room.ts'

/** The live numbers of a node that show a stall. */
interface Shown {
  readonly bytesRead: number
  readonly room: Room
}

export class Stall {
  #bytesRead = 0
  /** Time of the first call with this `#bytesRead`, monotonic ms. */
  #since = 0
  #checkedAt = Number.NEGATIVE_INFINITY

  /**
   * Whether several requests wait at the node and no byte has come from it for a second and for many times the usual
   * service time. Long polls and streams do not count as waiting (room.ts). A gap between two calls restarts the
   * measurement: this process may have been suspended, and bytes are still to be read.
   * @param now monotonic ms.
   */
  isStalled({ bytesRead, room }: Shown, now: number): boolean {
    if (room.inHand < stallLimits.waitingMin) return false
    const isFirst = now - this.#checkedAt > stallLimits.gapMs
    this.#checkedAt = now
    if (isFirst || bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead
      this.#since = now
      return false
    }
    const quietMs = Math.max(stallLimits.quietMs, stallLimits.usualTimes * room.usual.ms)
    return now - this.#since > quietMs
  }
}
