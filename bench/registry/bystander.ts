// The origin of all nodes and the clients beside the registration, in a process of their own, so that the work of this
// process delays no request.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ToBystander } from './bystander-program.ts'
import { secondsOf } from './served-proxy.ts'

const program = fileURLToPath(new URL('./bystander-program.js', import.meta.url))

export class Bystander {
  readonly originPort: number
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, originPort: number) {
    this.#process = process
    this.originPort = originPort
  }

  static async start(): Promise<Bystander> {
    const process = fork(program)
    const [{ port }] = await once(process, 'message')
    return new Bystander(process, port)
  }

  /** Requests at a steady rate from now on. Resolves after `warmUp` answers, which are not measured. */
  async sends(port: number, path: string, warmUp: number): Promise<void> {
    await this.#ask({ send: { port, path, warmUp } })
  }

  /** Ends the requests. @returns their p99 in ms. */
  async stops(): Promise<{ p99: number; failed: number }> {
    return (await this.#ask({ stop: true })) as { p99: number; failed: number }
  }

  /** Processor time so far. */
  seconds(): { bystander: number } {
    return { bystander: secondsOf(this.#process.pid ?? 0) }
  }

  async close(): Promise<void> {
    this.#process.kill()
    if (this.#process.exitCode === null) await once(this.#process, 'exit')
  }

  async #ask(message: ToBystander): Promise<unknown> {
    const answer = once(this.#process, 'message')
    this.#process.send(message)
    return (await answer)[0]
  }
}
