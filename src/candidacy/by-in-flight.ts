// `byInFlight CHOICES`: keeps the one with the fewest requests in flight, of all or of so many drawn at
// random. One sender does best with all; many that do not know of each other, with two.

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
