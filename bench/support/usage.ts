// What a program with all of its processes has used, as Linux tells in /proc.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { parseStat, type Stat } from './proc-stat.ts'

export interface Usage {
  /** User and system time of all processes, their ended children included, s. */
  readonly cpuSeconds: number
  /** Resident memory, summed over the processes. Pages that they share count in each. */
  readonly residentBytes: number
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

/** @param group process group id. */
export function usageOf(group: number): Usage {
  let ticks = 0
  let pages = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(name)
    if (stat?.group !== group) continue
    ticks += stat.ticks
    pages += stat.pages
  }
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: pages * pageBytes }
}

function readStat(pid: string): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // It ended between the two looks.
  }
}
