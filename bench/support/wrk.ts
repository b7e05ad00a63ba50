// Runs wrk and reads what it found. Whole answers only: wrk counts an answer at its end, and one
// that ends early as a read error; the number of bytes is compared with what the answers hold.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { findProgram, type Program } from './find-program.ts'
import { sources } from './paths.ts'

export interface Drive {
  readonly kind: 'get' | 'close' | 'pipelined' | 'post' | 'chunked'
  readonly path: string
  readonly connections: number
  /** Of one answer, without its head. */
  readonly bodyBytes: number
}

export interface WrkFigures {
  readonly requests: number
  readonly requestsPerSecond: number
  /** NaN when requests are pipelined: what wrk tells of their times makes no sense. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** What went wrong, in words; empty when every answer was whole and neither 4xx nor 5xx. */
  readonly errors: readonly string[]
}

/** Requests that get no answer for so long are errors. */
const timeout = '10s'

export const wrk: Program | undefined = findProgram('wrk', '-v')

export async function runWrk(port: number, drive: Drive, seconds: number): Promise<WrkFigures> {
  const args = ['-t1', `-c${drive.connections}`, `-d${seconds}s`, '--timeout', timeout]
  const script = join(sources, 'wrk', 'drive.lua')
  const url = `http://127.0.0.1:${port}`
  const text = await output(wrk?.path ?? 'wrk', [
    ...args,
    '-s',
    script,
    url,
    '--',
    drive.kind,
    drive.path,
  ])
  return readWrk(text, drive)
}

/** @throws Error when there is no line of figures. */
export function readWrk(text: string, drive: Pick<Drive, 'kind' | 'bodyBytes'>): WrkFigures {
  const line = text.split('\n').find((candidate) => candidate.startsWith('{'))
  if (line === undefined) throw new Error(`wrk: no figures in its output: ${text.slice(-300)}`)
  const found: Record<string, number> = JSON.parse(line)
  const count = (name: string): number => found[name] ?? 0
  const milliseconds = (name: string): number =>
    drive.kind === 'pipelined' ? Number.NaN : count(name) / 1e3
  const requests = count('requests')
  const errors = ['connect', 'read', 'write', 'status', 'timeout']
    .filter((name) => count(name) > 0)
    .map((name) => `${count(name)} ${name === 'status' ? 'answers 4xx or 5xx' : `${name} errors`}`)
  if (requests === 0) errors.push('no answer at all')
  const short = requests * drive.bodyBytes - count('bytes')
  if (short > 0) errors.push(`${short} bytes missing from the answers`)
  return {
    requests,
    requestsPerSecond: requests / (count('microseconds') / 1e6),
    p50Ms: milliseconds('p50'),
    p99Ms: milliseconds('p99'),
    errors,
  }
}

/** What a program writes. @throws Error when it fails. */
export function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, (error, stdout, stderr) => {
      process.off('exit', kill)
      if (error === null) resolve(stdout)
      else reject(new Error(`${program}: ${stderr.trim() || error.message}`))
    })
    const kill = (): boolean => child.kill('SIGKILL')
    process.on('exit', kill)
  })
}
