// Nodes of test/fixtures/pooled-node.ts for scenes, each a process of its own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { PooledNodeOptions } from '../fixtures/pooled-node.ts'
import { built } from './child.ts'
import { readLoadReport } from './load-report.ts'
import { get } from './node-server.ts'

export class PooledNode {
  readonly route: string
  readonly port: number
  /** Requests not yet answered. */
  waiting = 0
  readonly #agent: Agent

  private constructor(route: string, port: number, agent: Agent) {
    this.route = route
    this.port = port
    this.#agent = agent
  }

  /** Registered at all proxies. */
  static async start(t: TestContext, options: PooledNodeOptions): Promise<PooledNode> {
    const child = fork(built('test/fixtures/pooled-node.js'), [JSON.stringify(options)])
    const agent = new Agent({ keepAlive: true })
    t.after(() => {
      agent.destroy()
      child.kill('SIGKILL')
    })
    const [port] = await once(child, 'message', { signal: AbortSignal.timeout(20_000) })
    return new PooledNode(options.route, port as number, agent)
  }

  /** The load report of the response. */
  async request(path: string = '/'): Promise<ReadonlyMap<string, number>> {
    this.waiting++
    try {
      const { headers } = await get(this.port, path, {}, this.#agent)
      return readLoadReport(headers['endpoint-load-metrics'])
    } finally {
      this.waiting--
    }
  }

  /** Clients that ask, pause for up to so long, and ask again. */
  async visits(clients: number, times: number, pauseMs: number): Promise<void> {
    const visit = async (): Promise<void> => {
      for (let time = 0; time < times; time++) {
        await this.request()
        await pause(Math.random() * pauseMs)
      }
    }
    await Promise.all(Array.from({ length: clients }, visit))
  }

  async requests(count: number): Promise<readonly ReadonlyMap<string, number>[]> {
    return Promise.all(Array.from({ length: count }, () => this.request()))
  }
}
