// A source that is read as a whole, again and again, one reading at a time.

import { fixedLimits } from '../../base/limits.ts'
import { pause, withDeadline } from '../../base/wait.ts'
import type { FoundNode, Listing, NodeSource } from './node-source.ts'

/** @param everyMs between two readings. */
export function polledSource(listing: Listing, everyMs: number): NodeSource {
  let isReading = false
  /** Rejects at the deadline. A look-up of the system cannot be stopped: no other one begins before its end. */
  const listWithin = async (ending: AbortSignal): Promise<readonly FoundNode[]> => {
    const late = new Error(`no answer within ${fixedLimits.sourceMs} ms`)
    if (isReading) throw late
    isReading = true
    const signal = AbortSignal.any([AbortSignal.timeout(fixedLimits.sourceMs), ending])
    const listed = listing.list(signal).finally(() => {
      isReading = false
    })
    const nodes = await withDeadline(listed, fixedLimits.sourceMs, () => undefined)
    if (nodes === undefined) throw late
    return nodes
  }
  return {
    async follow(report, signal) {
      while (!signal.aborted) {
        const nodes = await listWithin(signal)
        report(() => ({ nodes, problems: [] }))
        await pause(everyMs, signal)
      }
    },
  }
}
