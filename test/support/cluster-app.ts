// An application in node:cluster as a child process (test/fixtures/cluster-app.ts).

import { type ChildProcess, fork } from 'node:child_process'
import type { TestContext } from 'node:test'
import type { ClusterAppOptions, ClusterNews, ClusterOrder } from '../fixtures/cluster-app.ts'
import { built } from './child.ts'
import { until } from './until.ts'

interface StartOptions extends ClusterAppOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly execArgv?: readonly string[]
}

export class ClusterApp {
  readonly process: ChildProcess
  news: ClusterNews = { pids: [], port: 0, endings: [] }
  printed = ''
  #count = 0

  private constructor(t: TestContext, { env = {}, execArgv = [], ...options }: StartOptions) {
    this.process = fork(built('test/fixtures/cluster-app.js'), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env, APP_OPTIONS: JSON.stringify(options) },
      execArgv: [...execArgv],
    })
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (text) => {
        this.printed += text
      })
    this.process.on('message', (news: ClusterNews) => {
      this.news = news
      this.#count++
    })
    t.after(() => {
      this.process.kill('SIGKILL')
      for (const pid of this.news.pids) kill(pid, 'SIGKILL')
    })
  }

  /** Resolves when all workers listen. */
  static async start(t: TestContext, options: StartOptions): Promise<ClusterApp> {
    const app = new ClusterApp(t, options)
    await until(
      'the workers listen',
      () => app.#count === 1,
      15_000,
      () => app.printed,
    )
    return app
  }

  /** Resolves when the primary has obeyed. */
  async order(order: ClusterOrder, withinMs: number = 30_000): Promise<ClusterNews> {
    const before = this.#count
    this.process.send(order)
    const isDone = (): boolean => this.#count > before
    await until(`${JSON.stringify(order)} is done`, isDone, withinMs, () => this.printed)
    return this.news
  }

  /** Resolves when none of the processes is left. */
  async ended(withinMs: number = 15_000): Promise<void> {
    const pids = [this.process.pid ?? 0, ...this.news.pids]
    await until(
      'all have ended',
      () => pids.every((pid) => !kill(pid, 0)),
      withinMs,
      () => this.printed,
    )
  }
}

/** @returns whether there is such a process. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
