// A child process that answers questions over its message line, one at a time; killed with the test.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { built } from './child.ts'

export class AskedChild<Answer> {
  readonly process: ChildProcess

  /** @param fixture name of a file in test/fixtures, without its ending. */
  constructor(t: TestContext, fixture: string, options: object) {
    this.process = fork(built(`test/fixtures/${fixture}.js`), [JSON.stringify(options)])
    t.after(() => this.process.kill('SIGKILL'))
  }

  send(order: string): void {
    this.process.send(order)
  }

  async ask(question: string): Promise<Answer> {
    const answer = once(this.process, 'message', { signal: AbortSignal.timeout(10_000) })
    this.send(question)
    return (await answer)[0] as Answer
  }
}
