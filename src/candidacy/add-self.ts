// `addSelf`: puts this server at the end of the list, when functions before have dropped it.

import { type Kind, plainKind } from './candidacy.ts'

export const addSelf: Kind = plainKind('addSelf', (candidates, { self }) =>
  self === undefined || candidates.includes(self) ? candidates : [...candidates, self],
)
