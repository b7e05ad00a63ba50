// Whether a server has stalled: it accepts connections, since its kernel does so for it, and answers nothing. It is looked
// for only where requests wait at a node, so requests that are answered cost nothing. Used by `bySession`.

import { stallLimits } from '../base/limits.ts'
import type { Room } from './room.ts'

/** The live numbers of a node that show it. */
interface Shown {
  readonly bytesRead: number
  readonly room: Room
}

export class Stall {
  #bytesRead = 0
  /** When `#bytesRead` was first seen, monotonic ms. */
  #since = 0
  #checkedAt = Number.NEGATIVE_INFINITY

  /**
   * Whether several requests wait at the node while not one byte has come from it for a second, and for many times what a
   * request usually takes. Long polls and streams do not count as waiting (room.ts). After a gap between two calls it
   * begins anew: this process may have been suspended, and bytes are still to be read.
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
