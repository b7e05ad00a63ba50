// Application nodes as processes (test/fixtures/session-node.ts), and what they executed.

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { NodeNews, SessionNodeOptions } from '../fixtures/session-node.ts'
import { built } from './child.ts'
import { executionsIn } from './ledger.ts'
import { monotonicMs } from './monotonic.ts'
import { until } from './until.ts'

/** One run of a node: from the start of its process to the end. */
export class NodeRun {
  readonly route: string
  readonly process: ChildProcess
  port = 0
  registered = false
  /** State of its link to the proxy. */
  link = ''
  /** Tries in a row that failed to reach the proxy. */
  failures = 0
  /** When it was told to leave or killed, monotonic ms; Infinity before. */
  leaveAt: number = Number.POSITIVE_INFINITY
  /** How its process ended. */
  ending: number | string | undefined
  #printed = ''

  constructor(options: SessionNodeOptions) {
    this.route = options.route
    this.process = fork(built('test/fixtures/session-node.js'), [JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (text) => {
        this.#printed += text
      })
    }
    this.process.on('message', (news: NodeNews) => this.#hear(news))
    this.process.once('exit', (code, signal) => {
      this.ending = code ?? signal ?? ''
    })
  }

  /** Name of this run in its answers. */
  get run(): string {
    return String(this.process.pid)
  }

  get evidence(): object {
    const { route, link, failures, ending } = this
    return { route, link, failures, ending, printed: this.#printed }
  }

  async ready(): Promise<void> {
    await until(
      `node ${this.route} is registered`,
      () => this.registered || this.ending !== undefined,
      15_000,
      () => this.evidence,
    )
    if (this.ending !== undefined) throw new Error(JSON.stringify(this.evidence))
  }

  /** Sends the signal and waits for the end of the process. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.leaveAt = monotonicMs()
    this.process.kill(signal)
    await until(
      `node ${this.route} has ended`,
      () => this.ending !== undefined,
      15_000,
      () => this.evidence,
    )
  }

  #hear(news: NodeNews): void {
    if (news.kind === 'link') {
      this.link = news.state
      this.failures = news.failures
    } else {
      this.port = news.port
      if (news.kind === 'registered') this.registered = true
    }
  }
}

export class SessionNodes {
  /** Every run there was, in the order of their starts. */
  readonly runs: NodeRun[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'topspin-ledger-'))

  constructor(t: TestContext) {
    t.after(() => {
      for (const { process } of this.runs) process.kill('SIGKILL')
      rmSync(this.#folder, { recursive: true, force: true })
    })
  }

  /** Starts a process; `ready` tells when it is registered. */
  start(options: Omit<SessionNodeOptions, 'ledger'>): NodeRun {
    const node = new NodeRun({ ...options, ledger: this.#folder })
    this.runs.push(node)
    return node
  }

  /** How often each POST was executed, by its id. */
  executions(): Map<string, number> {
    return executionsIn(this.#folder)
  }
}
