// `addSelf`: appends this server to the list if an earlier function has dropped it.

import { type Kind, plainKind } from './candidacy.ts'

export const addSelf: Kind = plainKind('addSelf', (candidates, { self }) =>
  self === undefined || candidates.includes(self) ? candidates : [...candidates, self],
)
