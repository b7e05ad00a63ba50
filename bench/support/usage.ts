// What a program with all of its processes has used, as Linux tells in /proc.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

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

export interface Stat {
  readonly group: number
  readonly ticks: number
  readonly pages: number
}

/** Fields of proc_pid_stat(5): 5 pgrp, 14 utime, 15 stime, 16 cutime, 17 cstime, 24 rss. */
export function parseStat(text: string): Stat {
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  return {
    group: field(5),
    ticks: field(14) + field(15) + field(16) + field(17),
    pages: field(24),
  }
}

function readStat(pid: string): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // It ended between the two looks.
  }
}
