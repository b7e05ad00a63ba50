// The load generator (test/fixtures/load-generator.ts) as a child process.

import { type ChildProcess, fork } from 'node:child_process'
import type { TestContext } from 'node:test'
import type { LoadOptions, Progress, Summary } from '../fixtures/load-generator.ts'
import { built } from './child.ts'
import { until } from './until.ts'

export class Load {
  progress: Progress = { completed: 0, failed: 0, byRun: {} }
  readonly #process: ChildProcess
  #summary: Summary | undefined

  constructor(t: TestContext, options: LoadOptions) {
    this.#process = fork(built('test/fixtures/load-generator.js'), [JSON.stringify(options)])
    this.#process.on('message', (news: { progress?: Progress; summary?: Summary }) => {
      this.progress = news.progress ?? this.progress
      this.#summary = news.summary ?? this.#summary
    })
    t.after(() => this.#process.kill('SIGKILL'))
  }

  /** Good answers of one run so far. */
  of(run: string): number {
    return this.progress.byRun[run] ?? 0
  }

  /** Waits until so many more requests are done. */
  async more(count: number): Promise<void> {
    const goal = this.progress.completed + count
    await until(
      `${count} more requests are done`,
      () => this.progress.completed >= goal,
      20_000,
      () => this.progress,
    )
  }

  async stop(): Promise<Summary> {
    this.#process.send('stop')
    let summary: Summary | undefined
    await until(
      'the load has stopped',
      () => {
        summary = this.#summary
        return summary !== undefined
      },
      20_000,
      () => this.progress,
    )
    if (summary === undefined) throw new Error('no summary')
    return summary
  }
}
