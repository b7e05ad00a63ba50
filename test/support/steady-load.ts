// Requests without a pause to one address, over kept and over new connections, and how many of them failed. For scenes that
// change a proxy while it serves.

import { Agent, request } from 'node:http'
import type { TestContext } from 'node:test'

export class SteadyLoad {
  good = 0
  /** Reasons of failures, as `ECONNREFUSED` or `503`. */
  readonly failures: string[] = []
  readonly #host: string
  readonly #port: number
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #loops: Promise<void>[]
  #isOver = false

  /** @param perSecond requests of each of the two kinds; about. */
  constructor(t: TestContext, port: number, perSecond: number = 50, host: string = '127.0.0.1') {
    this.#host = host
    this.#port = port
    const pauseMs = (1_000 / perSecond) * 2
    this.#loops = [this.#agent, false as const].flatMap((agent) => [
      this.#loop(agent, pauseMs),
      this.#loop(agent, pauseMs),
    ])
    t.after(() => this.stop())
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  async #loop(agent: Agent | false, pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#get(agent)
        this.good += 1
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        this.failures.push(`${code ?? message} at ${new Date().toISOString()}`)
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  #get(agent: Agent | false): Promise<void> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: this.#host, port: this.#port, path: '/', agent, headers: { host: 'any.test' } },
        (response) => {
          response.resume()
          response.on('error', reject)
          response.on('end', () => {
            if (response.statusCode === 200) resolve()
            else reject(new Error(String(response.statusCode)))
          })
        },
      )
      outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no response')))
      outgoing.on('error', reject)
      outgoing.end()
    })
  }
}
