// `byBusy BIAS`: fewest requests in service first, regardless of the server's capacity.

import { biasedKind } from './biased.ts'
import type { Kind } from './candidacy.ts'
import { busyOf } from './figures.ts'

export const byBusy: Kind = biasedKind('byBusy', ['byBusyChildren'], busyOf)
