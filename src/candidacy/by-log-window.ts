// `byLogWindow`: keeps the first log2(n) of n candidates, rounded up, at least one. Behind `byRandom` this is a random
// sample, so that many senders with the same old figures do not all choose the same server.

import { type Kind, plainKind } from './candidacy.ts'

export const byLogWindow: Kind = plainKind('byLogWindow', (candidates) => {
  const kept = Math.max(1, Math.ceil(Math.log2(candidates.length)))
  return kept >= candidates.length ? candidates : candidates.slice(0, kept)
})
