// The set-up of every story with WildFlys: the proxy with its default number of workers, and WildFlys whose list of
// proxies also names a dead one.

import type { TestContext } from 'node:test'
import type { NodeReport } from '../../src/control/status-report.ts'
import { freePorts } from '../support/free-ports.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'
import { WildFly } from '../support/wildfly.ts'
import { ProxiedStage } from './proxied-stage.ts'

export class WildFlyStage extends ProxiedStage {
  readonly runs: WildFly[] = []
  readonly #t: TestContext
  readonly #dead: number

  private constructor(t: TestContext, traffic: number, control: number, dead: number) {
    super(traffic, control)
    this.#t = t
    this.#dead = dead
  }

  /** @param deadlineMs the proxy is killed after this at the latest. */
  static async set(t: TestContext, deadlineMs: number = 290_000): Promise<WildFlyStage> {
    const proxy = await startServe([], {}, { deadlineMs })
    t.after(() => proxy.child.kill('SIGKILL'))
    const [traffic = 0, control = 0] = [proxy.traffic, proxy.control].map((url) =>
      Number(new URL(url).port),
    )
    const [dead = 0] = await freePorts(1)
    return new WildFlyStage(t, traffic, control, dead)
  }

  /** Starts a WildFly and waits until its application is enabled. It drains for 10 s by default. */
  async start(route: string, kind: 'ajp' | 'http', drain: number = 10): Promise<WildFly> {
    // The position of the dead proxy in the list must make no difference.
    const both = [this.control, this.#dead] as const
    const proxies = kind === 'ajp' ? both : ([both[1], both[0]] as const)
    const node = await WildFly.start(this.#t, { route, kind, proxies, drain })
    this.runs.push(node)
    await this.has(route, 'ENABLED')
    return node
  }

  /** Waits until the proxy reports the node as usable and its application in this state. */
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
}
