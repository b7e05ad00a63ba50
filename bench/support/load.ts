// Drives one proxy, and sees what that costs it.

import type { Target } from './target.ts'
import { usageOf } from './usage.ts'
import { type Drive, runWrk, type WrkFigures } from './wrk.ts'

/** What one round found. */
export interface Figures {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** User and system time of the proxy for one request, microseconds. */
  readonly cpuMicros: number
  /** The largest resident memory seen. */
  readonly memoryBytes: number
  /** For cases that ask what one connection costs: memory above the base, divided by them. */
  readonly memoryEachBytes?: number
  readonly errors: readonly string[]
}

const lookEveryMs = 250

export function load(target: Target, drive: Drive, seconds: number): Promise<Figures> {
  return costOf(target, () => runWrk(target.port, drive, seconds))
}

/** What it costs a proxy while `drive` runs. */
export async function costOf(target: Target, drive: () => Promise<WrkFigures>): Promise<Figures> {
  const { pid } = target.child
  const before = usageOf(pid)
  let memoryBytes = before.residentBytes
  const look = setInterval(() => {
    memoryBytes = Math.max(memoryBytes, usageOf(pid).residentBytes)
  }, lookEveryMs)
  try {
    const found = await drive()
    const after = usageOf(pid)
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds
    return {
      ...found,
      cpuMicros: (cpuSeconds / Math.max(1, found.requests)) * 1e6,
      memoryBytes: Math.max(memoryBytes, after.residentBytes),
      errors: target.child.ended
        ? [...found.errors, `the proxy ended: ${target.child.lastWords()}`]
        : found.errors,
    }
  } finally {
    clearInterval(look)
  }
}
