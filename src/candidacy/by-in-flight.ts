// `byInFlight CHOICES`: keeps the candidate with the fewest requests in flight, out of all or out of CHOICES drawn at
// random. One sender does best with all; for many independent senders two are better ("power of two choices").

import { readChoices } from './arguments.ts'
import type { Kind } from './candidacy.ts'
import { inFlightOf } from './figures.ts'
import { pickLeast } from './pick.ts'

export const byInFlight: Kind = {
  name: 'byInFlight',
  aliases: [],
  form: '[CHOICES], all by default',
  read: readChoices((choices, { random }) => ({
    figure: inFlightOf,
    apply: (candidates, _exchange) => pickLeast(candidates, choices, inFlightOf, random),
  })),
}
