// How many processors this process may keep busy: what the machine has, what it is pinned to, and what its
// control group grants. Called by `topspin serve` to choose the number of traffic workers.

import { availableParallelism } from 'node:os'
import { type Cgroup, findCgroup } from './cgroup.ts'

/** At least 1; a quota of one and a half counts as 2. */
export function grantedProcessors(
  cgroup: Cgroup | undefined = findCgroup(),
  present: number = availableParallelism(),
): number {
  const quota = cgroup?.cpu()?.limit ?? present
  return Math.max(1, Math.ceil(Math.min(present, quota)))
}
