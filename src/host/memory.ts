// The machine's memory and the heap of this process, as used shares 0..1.

import { freemem, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Memory that is neither free nor can be freed at once (Linux: MemTotal - MemAvailable). */
export function machineMemoryShare(): number {
  return 1 - freemem() / totalmem()
}

/** JavaScript heap in use against the size at which the process dies for lack of it. */
export function heapShare(): number {
  const heap = getHeapStatistics()
  return heap.used_heap_size / heap.heap_size_limit
}
