// Requests at a steady rate over connections that stay open; a slow response does not delay the next request.

import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const everyMs = 5

export class SteadyTraffic {
  readonly #agent = new Agent({ keepAlive: true })
  #times: number[] = []
  readonly #timer: NodeJS.Timeout
  readonly #begun = performance.now()
  readonly #where: { port: number; path: string }
  #sent = 0
  #pending = 0
  #failed = 0

  constructor(port: number, path: string) {
    this.#where = { port, path }
    this.#timer = setInterval(() => this.#catchUp(), 1)
  }

  /** Resolves after so many answers: only later ones are measured, as the programs on the way are compiled by then. */
  async warmUp(answers: number): Promise<void> {
    while (this.#times.length < answers) await pause(everyMs)
    this.#times = []
    this.#failed = 0
  }

  /** @returns p99 in ms. */
  async stop(): Promise<{ p99: number; failed: number }> {
    clearInterval(this.#timer)
    while (this.#pending > 0) await new Promise((resolve) => setImmediate(resolve))
    this.#agent.destroy()
    const sorted = this.#times.sort((a, b) => a - b)
    return { p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN, failed: this.#failed }
  }

  /** Times count from when a request was due, so that a delay of this process counts too. */
  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#begun) / everyMs)
    while (this.#sent < due) this.#request(this.#begun + ++this.#sent * everyMs)
  }

  #request(due: number): void {
    this.#pending++
    const done = (isGood: boolean): void => {
      this.#pending--
      if (isGood) this.#times.push(performance.now() - due)
      else this.#failed++
    }
    const { port, path } = this.#where
    get({ port, path, host: '127.0.0.1', agent: this.#agent }, (response) => {
      response.resume().once('end', () => done(response.statusCode === 200))
    }).once('error', () => done(false))
  }
}
