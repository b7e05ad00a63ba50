// `byLatency CHOICES`: keeps the candidate with the least peak-sensitive latency x (requests in flight + 1), out of all or
// out of CHOICES drawn at random (Finagle's peak EWMA). A candidate without a measured latency counts as slightly better
// than the best known one: it is tried soon, and its requests in flight keep it from being flooded.

import { readChoices } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { inFlightOf, latencyOf } from './figures.ts'
import { pickLeast } from './pick.ts'

export const byLatency: Kind = {
  name: 'byLatency',
  aliases: [],
  form: '[CHOICES], all by default',
  read: readChoices((choices, { random }) => ({
    figure: (candidate, clock) => latencyOf(candidate, clock.now()),
    readsLatency: true,
    apply(candidates, _exchange, clock) {
      const now = clock.now()
      let known = Number.POSITIVE_INFINITY
      for (let i = 0; i < candidates.length; i++) {
        const ms = latencyOf(candidates[i] as Candidate, now)
        if (ms > 0 && ms < known) known = ms
      }
      const unknown = known === Number.POSITIVE_INFINITY ? 1 : 0.9 * known
      const figure = (candidate: Candidate): number =>
        (latencyOf(candidate, now) || unknown) * (inFlightOf(candidate) + 1)
      return pickLeast(candidates, choices, figure, random)
    },
  })),
}
