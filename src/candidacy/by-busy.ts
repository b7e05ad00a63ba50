// `byBusy BIAS`: fewest requests in service first, whatever the capacity of the server.

import { biasedKind } from './biased.ts'
import type { Kind } from './candidacy.ts'
import { busyOf } from './figures.ts'

export const byBusy: Kind = biasedKind('byBusy', ['byBusyChildren'], busyOf)
