// How much memory does a client cost that takes a large answer at 1 KB/s?

import { setTimeout as sleep } from 'node:timers/promises'
import { load } from '../support/load.ts'
import { usageOf } from '../support/usage.ts'
import type { Case } from './case.ts'
import { openSlowReaders } from './slow-clients.ts'

const readers = 500
const path = '/32m'
/** Traffic of the ordinary kind before the base is taken, so that it is not that of a fresh start. */
const before = { kind: 'get', path: '/64k', connections: 64, bodyBytes: 65_536 } as const
const settleMs = 1_000
const lookEveryMs = 250
/** Until every reader has its head and then reads on for this long at least. */
const leastSeconds = 5

export const slowReaders: Case = {
  name: 'slow-readers',
  title: '500 clients that read a 32 MB response at 1 KB/s: memory of each above the base',
  bars: [
    { level: 'must', measure: 'memoryEachBytes', atMost: 256 * 1024 },
    { level: 'goal', measure: 'memoryEachBytes', atMost: 96 * 1024 },
  ],
  fresh: true,
  warmUp: (target, seconds) => load(target, before, seconds),
  measure: async (target, seconds) => {
    const { pid } = target.child
    await sleep(settleMs)
    const begin = performance.now()
    const base = usageOf(pid)
    let memoryBytes = base.residentBytes
    const clients = openSlowReaders(target.port, readers, path)
    const end = begin + Math.max(seconds, leastSeconds) * 1e3
    while (performance.now() < end) {
      await sleep(lookEveryMs)
      memoryBytes = Math.max(memoryBytes, usageOf(pid).residentBytes)
    }
    const errors = clients.errors()
    const received = clients.received()
    clients.close()
    return {
      requests: readers,
      requestsPerSecond: Number.NaN,
      p50Ms: Number.NaN,
      p99Ms: Number.NaN,
      cpuMicros: Number.NaN,
      memoryBytes,
      memoryEachBytes: (memoryBytes - base.residentBytes) / readers,
      errors: received === 0 ? [...errors, 'nothing was received'] : errors,
    }
  },
}
