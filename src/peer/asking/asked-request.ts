// One request for which peers are asked: collects their answers, and chooses the least cost among those that answered in
// time and this server. A peer that does not answer is not chosen, so that none that is frozen or stuck gets a request.

import type { Clock } from '../../base/clock.ts'
import { errorFactor } from '../../candidacy/room-cost.ts'
import { costOf } from '../../candidacy/room-cost-of.ts'
import { costHere, costThere, roomReport } from '../../candidacy/room-report.ts'
import type { Candidate } from '../../cluster/routes.ts'
import type { RoomReport } from '../../wire/ask.ts'

/** A peer that was drawn. */
export interface Asked {
  readonly candidate: Candidate
  /** Whether it has an address for questions. Otherwise the figures of this server count. */
  readonly canAnswer: boolean
  /** `undefined` until it answers. */
  report: RoomReport | undefined
}

export class AskedRequest {
  readonly self: Candidate
  readonly asked: readonly Asked[]
  /** Usual service time at the peers, ms; 0 if unknown. */
  readonly usualMs: number
  readonly #clock: Clock
  /** The winner, once it is chosen. */
  winner: Candidate | undefined
  /** How much room there was here at that moment. */
  own: RoomReport | undefined

  constructor(self: Candidate, asked: readonly Asked[], usualMs: number, clock: Clock) {
    this.self = self
    this.asked = asked
    this.usualMs = usualMs
    this.#clock = clock
  }

  /** All answers that are waited for have arrived. */
  get isAnswered(): boolean {
    return this.asked.every(({ canAnswer, report }) => !canAnswer || report !== undefined)
  }

  /** This server where it costs no more than any peer. */
  choose(): Candidate {
    const { self, usualMs } = this
    const now = this.#clock.now()
    this.own = roomReport(self.live.room, usualMs, now)
    let least = costHere(this.own, usualMs)
    let winner = self
    for (const asked of this.asked) {
      const cost = this.#costAt(asked, now)
      if (cost >= least) continue
      least = cost
      winner = asked.candidate
    }
    this.winner = winner
    return winner
  }

  #costAt({ candidate, canAnswer, report }: Asked, now: number): number {
    if (report !== undefined) {
      return costThere(report, this.usualMs, errorFactor(candidate.live.room, now))
    }
    return canAnswer ? Number.POSITIVE_INFINITY : costOf(candidate, now, 0)
  }
}
