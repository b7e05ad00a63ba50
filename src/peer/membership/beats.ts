// How often a peer announces itself in one period: once, and more often the more of it gets lost, so that a
// silence of three periods means that it is gone. Pure; called by the announcer.

import { peerLimits } from '../../base/limits.ts'

/** Below it nothing needs to be said twice. */
const lossLeast = 0.001

/**
 * As many announcements as it takes for all of two and a half periods to get lost about once in ten million
 * times; at a loss of a half that would be 10, of which `peerLimits.beatsMax` are said.
 * @param loss share of announcements that do not arrive at some peer, 0..1.
 */
export function beatsPerPeriod(loss: number): number {
  if (loss < lossLeast) return 1
  const needed = Math.ceil(Math.log(1e-7) / (2.5 * Math.log(Math.min(loss, 0.999))))
  return Math.min(peerLimits.beatsMax, Math.max(2, needed))
}
