// Changes nodes at a fleet of proxies all the time, through one proxy and another, and keeps what was answered with OK.

import type { TestContext } from 'node:test'
import type { FleetNode, FleetProxy } from './fleet.ts'

const methods = ['DISABLE-APP', 'ENABLE-APP', 'STOP-APP', 'ENABLE-APP'] as const

export class FleetWriter {
  /** Messages that were answered with OK, and the errors of all others. */
  accepted = 0
  readonly failures: string[] = []
  /** The longest reply, ms. */
  slowestMs = 0
  readonly #proxies: () => readonly FleetProxy[]
  readonly #loops: Promise<void>[]
  #isOver = false
  #isPaused = false
  #busy = 0

  /** @param proxies those that take messages now. @param pauseMs between two changes of a node. */
  constructor(
    t: TestContext,
    nodes: readonly FleetNode[],
    proxies: () => readonly FleetProxy[],
    pauseMs: number = 150,
  ) {
    this.#proxies = proxies
    this.#loops = nodes.map((node, index) => this.#loop(node, index, pauseMs))
    t.after(() => this.stop())
  }

  /** Resolves when no message is on its way; none is sent until `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true
    while (this.#busy > 0) await sleep(5)
  }

  resume(): void {
    this.#isPaused = false
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  async #loop(node: FleetNode, index: number, pauseMs: number): Promise<void> {
    for (let number = index; !this.#isOver; number++) {
      await sleep(pauseMs)
      if (this.#isPaused) continue
      const proxies = this.#proxies()
      const proxy = proxies[number % proxies.length]
      const method = methods[number % methods.length]
      if (proxy === undefined || method === undefined) continue
      const begun = performance.now()
      this.#busy += 1
      try {
        await node.change(proxy, method)
        this.accepted += 1
      } catch (error) {
        this.failures.push(`${proxy.name} ${(error as Error).message}`)
      } finally {
        this.#busy -= 1
        this.slowestMs = Math.max(this.slowestMs, performance.now() - begun)
      }
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
