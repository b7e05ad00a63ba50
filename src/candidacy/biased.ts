// Kinds that order by a figure of which a bias is taken off for this server itself, in favour of serving
// here: `byLoad 0.5`, `byBusy 2`.

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
