// The set-up of every story with Tomcats: the proxy with its default number of workers, a tap that records the nodes'
// control messages, and Tomcats that register through the tap.

import type { TestContext } from 'node:test'
import type { NodeReport } from '../../src/control/status-report.ts'
import { freePorts } from '../support/free-ports.ts'
import { McmpTap } from '../support/mcmp-tap.ts'
import type { Answer } from '../support/node-server.ts'
import { type ConnectorKind, type TomcatRun, Tomcats } from '../support/tomcats.ts'
import { type Running, startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'
import { ProxiedStage } from './proxied-stage.ts'

export interface NodeChoices {
  readonly contexts?: readonly string[]
  /** Additional attributes of the Listener. */
  readonly listener?: Readonly<Record<string, string>>
  /** Attributes of the Connector. */
  readonly connector?: Readonly<Record<string, string>>
}

const usualContexts = ['/shop']

export class Stage extends ProxiedStage {
  readonly tap: McmpTap
  readonly tomcats: Tomcats
  readonly #t: TestContext
  readonly #kind: ConnectorKind
  #proxy: Running | undefined

  private constructor(t: TestContext, kind: ConnectorKind, ports: readonly number[], tap: McmpTap) {
    const [traffic = 0, control = 0] = ports
    super(traffic, control)
    this.#t = t
    this.#kind = kind
    this.tap = tap
    this.tomcats = new Tomcats(t)
  }

  /** @param settings environment variables of the proxy. */
  static async set(
    t: TestContext,
    kind: ConnectorKind,
    settings: Record<string, string> = {},
  ): Promise<Stage> {
    const ports = await freePorts(2)
    const tap = await McmpTap.start(t, ports[1] ?? 0)
    const stage = new Stage(t, kind, ports, tap)
    await stage.#startProxy(settings)
    return stage
  }

  async #startProxy(settings: Record<string, string>): Promise<void> {
    const where = {
      listen: `127.0.0.1:${this.traffic}`,
      control: `127.0.0.1:${this.control}`,
    }
    const proxy = await startServe([], settings, { ...where, deadlineMs: 120_000, isGroup: true })
    this.#proxy = proxy
    this.#t.after(() => killGroup(proxy))
  }

  /** Kills the proxy and its workers with SIGKILL, and starts it again. */
  async restartProxy(settings: Record<string, string> = {}): Promise<void> {
    if (this.#proxy !== undefined) {
      killGroup(this.#proxy)
      await this.#proxy.ended
    }
    await this.#startProxy(settings)
  }

  /** A Tomcat that serves, but may not be registered yet. */
  async start(route: string, choices: NodeChoices = {}): Promise<TomcatRun> {
    const listener = {
      proxyList: `127.0.0.1:${this.tap.port}`,
      advertise: 'false',
      // Without this each stop would wait 10 s for sessions.
      sessionDrainingStrategy: 'NEVER',
      ...choices.listener,
    }
    const contexts = choices.contexts ?? usualContexts
    const { connector = {} } = choices
    const settings = { route, kind: this.#kind, contexts, listener, connector }
    const node = await this.tomcats.start(settings)
    await node.started()
    return node
  }

  /** A Tomcat that is registered and has its contexts enabled. */
  async node(route: string, choices: NodeChoices = {}): Promise<TomcatRun> {
    const node = await this.start(route, choices)
    await this.usable(node, choices.contexts)
    return node
  }

  /** Waits until the proxy reports the node as usable, with these contexts. */
  async usable(node: TomcatRun, contexts: readonly string[] = usualContexts): Promise<void> {
    let seen: NodeReport | undefined
    await until(
      `${node.route} is registered with ${contexts}`,
      async () => {
        if (node.ending !== undefined) throw new Error(JSON.stringify(node.evidence))
        seen = await this.report(node.route)
        const enabled = (path: string): boolean =>
          seen?.contexts.some((one) => one.path === path && one.status === 'ENABLED') === true
        return (seen?.loadFactor ?? 0) > 0 && contexts.every(enabled)
      },
      30_000,
      () => ({ seen, heard: this.tap.heard.slice(-20), node: node.evidence }),
    )
  }

  /** Waits until `count` requests of a context are in flight at the node. */
  async inFlight(node: TomcatRun, path: string, count: number): Promise<void> {
    await until(`${count} requests are in flight to ${node.route}${path}`, async () => {
      const report = await this.report(node.route)
      const contexts = report?.contexts.filter((context) => context.path === path) ?? []
      return contexts.reduce((sum, { inFlight }) => sum + inFlight, 0) >= count
    })
  }

  /** Waits until the node has sent `count` more load reports. */
  async reports(node: TomcatRun, count: number): Promise<void> {
    let before = Number.POSITIVE_INFINITY
    let seen = 0
    await until(`${node.route} has reported ${count} times`, async () => {
      const age = (await this.report(node.route))?.statusAgeMs ?? before
      if (age < before) seen++
      before = age
      return seen > count
    })
  }

  /** Begins a session on this node. @returns its Cookie field. */
  async sessionOn(node: TomcatRun, path: string = '/shop/'): Promise<string> {
    const answer = await this.ask(path, { cookie: `JSESSIONID=elsewhere.${node.route}` })
    if (answer.headers['x-run'] !== node.run)
      throw new Error(`not on ${node.route}: ${answer.text}`)
    return String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
  }
}

function killGroup({ child }: Running): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** The facts that the application writes in its response, by name. */
export function factsOf(answer: Answer): Map<string, string> {
  const pairs = answer.text.split('\n').map((line): [string, string] => {
    const at = line.indexOf('=')
    return [line.slice(0, at), line.slice(at + 1)]
  })
  return new Map(pairs)
}
