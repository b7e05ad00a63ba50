// `removeSelf`: drops this server, for one that only balances.

import { type Kind, plainKind } from './candidacy.ts'

export const removeSelf: Kind = plainKind('removeSelf', (candidates) =>
  candidates.filter((candidate) => candidate.peer?.isSelf !== true),
)
