// The state that both ways of handing over share in one server. Made by make-peers.ts.

import type { StatusMount } from '../status/status-mount.ts'
import type { LocalService } from './local-service.ts'
import type { Marks } from './marks.ts'
import type { HandOverPolicy } from './policy.ts'
import type { RefusedMarks } from './refused-marks.ts'
import type { UnderWay } from './under-way.ts'

/** Requests by outcome, since the start. */
export interface HandOverCounts {
  /** Chosen to be served here. */
  here: number
  /** Handed over, answered by a peer or not. */
  handed: number
  redirected: number
  /** Handed over, then served here because no peer answered. */
  cameBack: number
  /** Handed over by a peer, and served here. */
  received: number
  /** Requests with a mark that was not accepted; they are served here. */
  refusedMarks: number
}

export interface HandOver {
  readonly policy: HandOverPolicy
  readonly marks: Marks
  readonly local: LocalService
  readonly underWay: UnderWay
  readonly counts: HandOverCounts
  readonly refusedMarks: RefusedMarks
  /** The status page; `undefined`: there is none. */
  readonly status: StatusMount | undefined
}

export const newCounts = (): HandOverCounts => ({
  here: 0,
  handed: 0,
  redirected: 0,
  cameBack: 0,
  received: 0,
  refusedMarks: 0,
})
