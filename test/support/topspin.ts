// Runs bin/topspin.js as people do, in a process of its own, with a deadline.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

export const program: string = fileURLToPath(new URL('../../../bin/topspin.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string }
  readonly ended: Promise<Ended>
  /** The first match in standard output, waited for. */
  sees(pattern: RegExp): Promise<RegExpExecArray>
}

export interface StartMore {
  /** It is killed after this at the latest. Default 20_000 ms. */
  readonly deadlineMs?: number
  /** Files and sockets that each of its processes may have open. */
  readonly openFiles?: number
  /** It leads a process group of its own, so that a signal to `-pid` reaches its workers too. */
  readonly isGroup?: boolean
  /** A command that runs it. */
  readonly under?: readonly string[]
  /** Program in place of bin/topspin.js. */
  readonly script?: string
}

/** Starts it; killed after `deadlineMs` at the latest. */
export function startTopspin(
  args: readonly string[],
  more: StartMore & { cwd?: string; env?: object } = {},
): Running {
  const limit = more.openFiles === undefined ? [] : ['prlimit', `--nofile=${more.openFiles}`]
  const runner = [...limit, ...(more.under ?? [])]
  const [command = '', ...words] = [...runner, process.execPath, more.script ?? program, ...args]
  const child = spawn(command, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: more.isGroup === true,
    cwd: more.cwd,
    env: { ...process.env, ...more.env },
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text
  })
  const deadline = setTimeout(() => child.kill('SIGKILL'), more.deadlineMs ?? 20_000)
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      resolve({ code, signal, ...printed })
    })
  })
  const sees = async (pattern: RegExp): Promise<RegExpExecArray> => {
    let match: RegExpExecArray | null = null
    const find = (): boolean => {
      match = pattern.exec(printed.stdout)
      return match !== null
    }
    await until(`the output matches ${pattern}`, find, 30_000, () => printed)
    return match as unknown as RegExpExecArray
  }
  return { child, printed, ended, sees }
}

/** Runs it to its end. */
export function topspin(...args: readonly string[]): Promise<Ended> {
  return startTopspin(args).ended
}

/** `topspin serve`, on free ports unless told otherwise, with the URLs it said. */
export async function startServe(
  args: readonly string[] = [],
  env: Record<string, string> = {},
  more: StartMore & { listen?: string; control?: string } = {},
): Promise<Running & { traffic: string; control: string }> {
  const { listen = '127.0.0.1:0', control: controlAt = '127.0.0.1:0' } = more
  const where = ['--listen', listen, '--control', controlAt]
  const running = startTopspin(['serve', ...where, ...args], { ...more, env })
  const [, traffic = '', control = ''] = await running.sees(
    /"traffic":\["([^"]+)"\],"control":"([^"]+)"/,
  )
  return { ...running, traffic, control }
}
