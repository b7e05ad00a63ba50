// The memory of the machine or container, and the heap of this process. Used by the agent's load metrics and
// for the announcements of peers.

import { freemem, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Cgroup } from './cgroup.ts'

interface GrantedMemory {
  /** Bytes. */
  readonly total: number
  /** Bytes that are free or can be freed at once (MemAvailable on Linux). */
  readonly available: number
}

/** The memory of the control group when it has a limit (a container), otherwise of the machine. */
export function grantedMemory(group: Cgroup | undefined): GrantedMemory {
  const memory = group?.memory()
  if (memory?.limit === undefined) return { total: totalmem(), available: freemem() }
  return { total: memory.limit, available: Math.max(0, memory.limit - memory.used) }
}

/** JavaScript heap in use, as a share of the size at which the process would run out of memory. */
export function heapShare(): number {
  const heap = getHeapStatistics()
  return heap.used_heap_size / heap.heap_size_limit
}
