// `byCpu`: most idle processors first. Mostly useless, as its first authors said: many are idle at once.

import { type Kind, plainKind } from './candidacy.ts'
import { idleOf } from './figures.ts'
import { leastFirst } from './order.ts'

export const byCpu: Kind = plainKind(
  'byCpu',
  (candidates, _exchange) => leastFirst(candidates, (candidate) => -idleOf(candidate)),
  { figure: idleOf },
)
