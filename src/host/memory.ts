// The memory that this process and its neighbours share, and its own heap. Called by the agent's load
// metrics and for a peer's announcements.

import { freemem, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Cgroup } from './cgroup.ts'

export interface GrantedMemory {
  /** Bytes. */
  readonly total: number
  /** Bytes that are free or can be freed at once (Linux: MemAvailable). */
  readonly available: number
}

/** That of the control group where it has a limit (a container), else that of the machine. */
export function grantedMemory(group: Cgroup | undefined): GrantedMemory {
  const memory = group?.memory()
  if (memory?.limit === undefined) return { total: totalmem(), available: freemem() }
  return { total: memory.limit, available: Math.max(0, memory.limit - memory.used) }
}

/** JavaScript heap in use against the size at which the process dies for lack of it. */
export function heapShare(): number {
  const heap = getHeapStatistics()
  return heap.used_heap_size / heap.heap_size_limit
}
