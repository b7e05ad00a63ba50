// `removeSelf`: drops this server, for a peer that balances and serves nothing itself.

import { type Kind, plainKind } from './candidacy.ts'

export const removeSelf: Kind = plainKind('removeSelf', (candidates) =>
  candidates.filter((candidate) => candidate.peer?.isSelf !== true),
)
