// Functions that order by a figure, least first, with a bias subtracted from this server's own figure so that it is
// preferred: `byLoad 0.5`, `byBusy 2`.

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { leastFirst } from './order.ts'

export function biasedKind(
  name: string,
  aliases: readonly string[],
  figureOf: (candidate: Candidate) => number,
): Kind {
  return {
    name,
    aliases,
    form: '[BIAS], 0 by default',
    read: readNumber(0, 1_000_000, 0, (bias) => {
      const figure = (candidate: Candidate): number =>
        candidate.peer?.isSelf === true ? figureOf(candidate) - bias : figureOf(candidate)
      return {
        figure,
        apply: (candidates, _exchange) => leastFirst(candidates, figure),
      }
    }),
  }
}
