// `topspin serve` with its workers, and what they use.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { type Running, startTopspin } from '../../test/support/topspin.ts'
import { parseStat } from '../support/proc-stat.ts'
import { until } from '../support/until.ts'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const deadlineMs = 600_000

export class ServedProxy {
  readonly trafficPort: number
  readonly controlPort: number
  readonly #running: Running

  private constructor(running: Running, traffic: string, control: string) {
    this.#running = running
    this.trafficPort = Number(new URL(traffic).port)
    this.controlPort = Number(new URL(control).port)
  }

  static async start(config: string): Promise<ServedProxy> {
    const running = startTopspin(['serve', '--config', config], { deadlineMs })
    const started = /"traffic":\["([^"]+)"\],"control":"([^"]+)"/
    const [, traffic = '', control = ''] = await running.sees(started)
    return new ServedProxy(running, traffic, control)
  }

  /** Waits for a 200. */
  async serves(path: string): Promise<void> {
    const url = `http://127.0.0.1:${this.trafficPort}${path}`
    const isServed = async (): Promise<boolean> => (await fetch(url)).status === 200
    if (!(await until(isServed, 60_000))) throw new Error(`${path} is not served`)
  }

  /** Processor time of the primary for each of so many steps, microseconds. */
  async primaryCost(steps: () => Promise<void>, count: number): Promise<number> {
    const before = this.#ticks(this.#primary)
    await steps()
    return ((this.#ticks(this.#primary) - before) / ticksPerSecond / count) * 1e6
  }

  /** Processor time of the busiest worker for each of so many steps, microseconds. */
  async workerCost(steps: () => Promise<void>, count: number): Promise<number> {
    const before = this.#workers().map((pid) => [pid, this.#ticks(pid)] as const)
    await steps()
    const used = before.map(([pid, ticks]) => this.#ticks(pid) - ticks)
    return (Math.max(...used) / ticksPerSecond / count) * 1e6
  }

  /** Resident memory of all processes; pages that they share count once. */
  memoryBytes(): number {
    const all = [this.#primary, ...this.#workers()]
    return all.reduce((sum, pid) => sum + proportionalBytes(pid), 0)
  }

  /** Processor time so far. */
  seconds(): { primary: number; workers: number } {
    const workers = this.#workers().reduce((sum, pid) => sum + secondsOf(pid), 0)
    return { primary: secondsOf(this.#primary), workers }
  }

  async stop(): Promise<void> {
    this.#running.child.kill('SIGKILL')
    await this.#running.ended
  }

  get #primary(): number {
    return this.#running.child.pid ?? 0
  }

  #workers(): number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.filter((pid) => parentOf(pid) === this.#primary).map(Number)
  }

  #ticks(pid: number): number {
    return statOf(pid).ticks
  }
}

const statOf = (pid: number | string): ReturnType<typeof parseStat> =>
  parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** Processor time of a process so far. */
export const secondsOf = (pid: number): number => statOf(pid).ticks / ticksPerSecond

/** Its share of the pages that it has with others (PSS, proc_pid_smaps(5)). */
function proportionalBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1_024
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return undefined // It ended between the two looks.
  }
}
