// `byCpu`: most idle processors first. Of little use, as the authors of mod_backhand noted: many servers are idle at the
// same time. Kept for their configurations.

import { type Kind, plainKind } from './candidacy.ts'
import { idleOf } from './figures.ts'
import { leastFirst } from './order.ts'

export const byCpu: Kind = plainKind(
  'byCpu',
  (candidates, _exchange) => leastFirst(candidates, (candidate) => -idleOf(candidate)),
  { figure: idleOf },
)
