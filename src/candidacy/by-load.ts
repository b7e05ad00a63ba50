// `byLoad BIAS`: least load first.

import { biasedKind } from './biased.ts'
import type { Kind } from './candidacy.ts'
import { loadOf } from './figures.ts'

export const byLoad: Kind = biasedKind('byLoad', [], loadOf)
