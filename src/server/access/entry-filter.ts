// Which requests have a line in the access log. Pure.

import type { Random } from '../../base/clock.ts'
import type { AccessLogConfig } from '../../config/schema-access-log.ts'
import { isStatus } from '../../control/requests/request-filter.ts'
import type { AccessEntry } from '../../proxy/index.ts'

type Fits = (entry: Pick<AccessEntry, 'status' | 'durationMs'>) => boolean

/** @returns undefined when all have. */
export function entryFilter(
  { status, slowerThan, sample: given }: Pick<AccessLogConfig, 'status' | 'slowerThan' | 'sample'>,
  random: Random,
): Fits | undefined {
  const asks = status.length > 0 || slowerThan > 0
  const sample = given ?? (asks ? 0 : 1)
  if (sample === 1) return undefined
  return (entry) =>
    (slowerThan > 0 && entry.durationMs >= slowerThan) ||
    status.some((wanted) => isStatus(wanted, entry.status)) ||
    (sample > 0 && random() < sample)
}
