// What every story with WildFlys needs: the proxy with its usual number of workers, WildFlys that register with it
// although their list has a dead proxy too, and how the proxy sees them.

import type { TestContext } from 'node:test'
import type { NodeReport, StatusReport } from '../../src/control/status-report.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Answer, get } from '../support/node-server.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'
import { WildFly } from '../support/wildfly.ts'

export class WildFlyStage {
  readonly traffic: number
  readonly runs: WildFly[] = []
  readonly #t: TestContext
  readonly #control: number
  readonly #dead: number

  private constructor(t: TestContext, traffic: number, control: number, dead: number) {
    this.#t = t
    this.traffic = traffic
    this.#control = control
    this.#dead = dead
  }

  static async set(t: TestContext): Promise<WildFlyStage> {
    const proxy = await startServe([], {}, { deadlineMs: 290_000 })
    t.after(() => proxy.child.kill('SIGKILL'))
    const [traffic = 0, control = 0] = [proxy.traffic, proxy.control].map((url) =>
      Number(new URL(url).port),
    )
    const [dead = 0] = await freePorts(1)
    return new WildFlyStage(t, traffic, control, dead)
  }

  /** A WildFly whose application is enabled. It drains for 10 s, its default, unless another time is given. */
  async start(route: string, kind: 'ajp' | 'http', drain: number = 10): Promise<WildFly> {
    // Where the dead proxy stands in the list must make no difference.
    const both = [this.#control, this.#dead] as const
    const proxies = kind === 'ajp' ? both : ([both[1], both[0]] as const)
    const node = await WildFly.start(this.#t, { route, kind, proxies, drain })
    this.runs.push(node)
    await this.has(route, 'ENABLED')
    return node
  }

  /** Waits until the proxy has the application of a node in this state, and may use the node. */
  async has(route: string, status: string): Promise<void> {
    let seen: NodeReport | undefined
    await until(
      `${route} has /shop ${status}`,
      async () => {
        seen = await this.report(route)
        const contexts = seen?.contexts.filter(({ path }) => path === '/shop') ?? []
        const isSo = contexts.length > 0 && contexts.every((context) => context.status === status)
        return (
          isSo && (status !== 'ENABLED' || ((seen?.loadFactor ?? 0) > 0 && seen?.health === 'up'))
        )
      },
      60_000,
      () => seen,
    )
  }

  /** How the proxy sees a node. */
  async report(route: string): Promise<NodeReport | undefined> {
    const { text } = await get(this.#control, '/api/status', { connection: 'close' })
    const { nodes } = JSON.parse(text) as StatusReport
    return nodes.find((node) => node.route === route && node.removal === 'none')
  }

  ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return get(this.traffic, path, { connection: 'close', ...headers })
  }
}
