// A program that the bench runs: in a process group of its own, so that all of its processes can be
// counted and ended together. Used for the origin, the proxies and wrk.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Standard output goes into this file instead of the program's own log. */
  readonly stdout?: string
}

/** How long a program may take to end before it is killed, ms. */
const endMs = 5_000

const running = new Set<Child>()

export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #log: string
  #failure = ''

  /** @param folder where its log goes, under its name. */
  constructor(name: string, launch: Launch, folder: string) {
    this.name = name
    this.#log = join(folder, `${name}.log`)
    const log = openSync(this.#log, 'a')
    const stdout = launch.stdout === undefined ? log : openSync(launch.stdout, 'a')
    this.#process = spawn(launch.command, launch.args, {
      detached: true,
      stdio: ['ignore', stdout, log],
    })
    this.#process.on('error', (error) => {
      this.#failure = error.message
    })
    for (const file of new Set([log, stdout])) closeSync(file)
    running.add(this)
  }

  /** Also the id of its process group; 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  get ended(): boolean {
    const { exitCode, signalCode } = this.#process
    return this.#failure !== '' || exitCode !== null || signalCode !== null
  }

  /** What it wrote last, or why it did not start. */
  lastWords(): string {
    return this.#failure || readFileSync(this.#log, 'utf8').trim().slice(-600)
  }

  async stop(): Promise<void> {
    this.#signal('SIGTERM')
    await until(() => this.ended, endMs)
    this.kill()
  }

  /** Ends what is left of the group, at once. */
  kill(): void {
    this.#signal('SIGKILL')
    running.delete(this)
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid === 0) return
    try {
      process.kill(-this.pid, signal)
    } catch {
      // The whole group is gone already.
    }
  }
}

/** For the very end, whatever the reason. */
export function killAll(): void {
  for (const child of running) child.kill()
}
