// `byBusy BIAS`: fewest requests being served first, whatever the server's capacity.

import { biasedKind } from './biased.ts'
import type { Kind } from './candidacy.ts'
import { busyOf } from './figures.ts'

export const byBusy: Kind = biasedKind('byBusy', ['byBusyChildren'], busyOf)
