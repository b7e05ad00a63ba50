// What processes use: processor time and resident memory, from /proc. Linux only.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseStat } from '../support/proc-stat.ts'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

export interface Usage {
  /** Processor time so far, s. */
  readonly seconds: number
  readonly megabytes: number
}

export function usageOf(pid: number): Usage {
  const { ticks, pages } = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return { seconds: ticks / ticksPerSecond, megabytes: (pages * pageBytes) / 1e6 }
}
