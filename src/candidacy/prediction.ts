// Predicted load: the load that choices of this process have added to peers since their last announcements. Written by
// `addPrediction`, read by every function that orders by load.

import type { Candidate } from './candidacy.ts'
import { NodeState } from './node-state.ts'

interface Prediction {
  /** Runnable jobs. */
  load: number
  /** `sequence` of the announcement that it adds to; 0 before the first prediction. */
  sequence: number
}

const predictions = new NodeState<Prediction>(() => ({ load: 0, sequence: 0 }))

/** Predicted runnable jobs on top of the announced load; 0 for a node, and after each announcement. */
export function predictedLoad({ peer, live }: Candidate): number {
  if (peer === undefined) return 0
  const { load, sequence } = predictions.of(live)
  return sequence === peer.announcement.sequence ? load : 0
}

/** Adds to a peer's load until its next announcement. No effect on a node, whose requests in flight are exact. */
export function predict({ peer, live }: Candidate, load: number): void {
  if (peer === undefined) return
  const prediction = predictions.of(live)
  const { sequence } = peer.announcement
  prediction.load = prediction.sequence === sequence ? prediction.load + load : load
  prediction.sequence = sequence
}
