// The number of processors that this process may use: of the machine, within its affinity and the quota of its
// control group. It sets the number of traffic workers of `topspin serve`, and peers announce it.

import { availableParallelism } from 'node:os'
import { type Cgroup, findCgroup } from './cgroup.ts'

/** More than 0; a quota of one and a half is 1.5. @param limit of the control group; `undefined`: none. */
export function grantedProcessorShare(
  limit: number | undefined,
  present: number = availableParallelism(),
): number {
  return Math.min(present, limit ?? present)
}

/** At least 1; a quota of one and a half counts as 2. */
export function grantedProcessors(
  cgroup: Cgroup | undefined = findCgroup(),
  present: number = availableParallelism(),
): number {
  return Math.max(1, Math.ceil(grantedProcessorShare(cgroup?.cpu()?.limit, present)))
}
