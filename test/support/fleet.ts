// Proxies that share a registry: real processes of `topspin serve` beside real NATS servers, nodes that register by MCMP, and
// the comparison of what all proxies know.

import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { NodeReport, StatusReport } from '../../src/control/status-report.ts'
import { McmpClient, type SendResult } from '../../src/net/mcmp-client.ts'
import type { AppMethod, Message, NodeOrder } from '../../src/wire/mcmp/message.ts'
import { type Running, startServe } from './topspin.ts'
import { until } from './until.ts'

export interface FleetProxy extends Running {
  readonly control: string
  readonly name: string
  readonly traffic: string
  readonly port: number
  status(): Promise<StatusReport>
  stop(): Promise<void>
}

export interface ProxyMore {
  readonly env?: Record<string, string>
  readonly args?: readonly string[]
  readonly deadlineMs?: number
  /** It leads a process group, so that a process that replaces it ends with the test, too. */
  readonly isGroup?: boolean
  /** A command in front of the program, for a proxy that is in a network namespace, and its address there. */
  readonly under?: readonly string[]
  readonly host?: string
}

/** Starts a proxy that is joined. */
export async function startFleetProxy(
  t: TestContext,
  name: string,
  urls: readonly string[],
  more: ProxyMore = {},
): Promise<FleetProxy> {
  const running = await startServe(
    ['--workers', '0', ...(more.args ?? [])],
    { TOPSPIN_CLUSTER_NATS: urls.join(','), TOPSPIN_CLUSTER_PROXY: name, ...more.env },
    {
      deadlineMs: more.deadlineMs ?? 120_000,
      isGroup: more.isGroup === true,
      under: more.under ?? [],
      listen: `${more.host ?? '127.0.0.1'}:0`,
      control: `${more.host ?? '127.0.0.1'}:0`,
    },
  )
  const port = Number(new URL(running.traffic).port)
  t.after(async () => {
    const { pid = 0 } = running.child
    for (const signal of ['SIGCONT', 'SIGKILL'] as const)
      attempt(() => process.kill(more.isGroup === true ? -pid : pid, signal))
    await running.ended
  })
  return {
    ...running,
    name,
    port,
    async status() {
      const response = await fetch(new URL('/api/status', running.control))
      return (await response.json()) as StatusReport
    },
    async stop() {
      running.child.kill('SIGTERM')
      await running.ended
    },
  }
}

function attempt(work: () => unknown): void {
  try {
    work()
  } catch {
    // The process has ended.
  }
}

const isJoined = async (proxy: FleetProxy): Promise<boolean> =>
  (await proxy.status()).cluster?.mode === 'joined'

export const joined = (proxies: readonly FleetProxy[], withinMs: number = 20_000): Promise<void> =>
  until(
    'all proxies are joined',
    async () => (await Promise.all(proxies.map(isJoined))).every(Boolean),
    withinMs,
    () => proxies.map(({ printed }) => printed.stdout.slice(-1_500)),
  )

/** A node with one context, which answers with its name. */
export class FleetNode {
  readonly route: string
  readonly path: string
  /** What was answered with OK last. */
  wanted: 'ENABLED' | 'DISABLED' | 'STOPPED' | 'absent' = 'absent'
  readonly #host: string
  readonly #port: number
  /** The number of its last change; 0: it does not count them, like a Java node. */
  #changes = 0
  readonly #run: number = Date.now()
  /** A connection of its own to each proxy, by the URL of its control listener. */
  readonly #clients: Map<string, McmpClient> = new Map()

  private constructor(route: string, path: string, host: string, port: number) {
    this.route = route
    this.path = path
    this.#host = host
    this.#port = port
  }

  static async start(
    t: TestContext,
    route: string,
    path: string = '/',
    host: string = '127.0.0.1',
  ): Promise<FleetNode> {
    const server = createServer((_, response) => response.end(route))
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const node = new FleetNode(route, path, host, (server.address() as AddressInfo).port)
    t.after(() => node.#close())
    return node
  }

  /** Another route at the same address. */
  twin(t: TestContext, route: string): FleetNode {
    const node = new FleetNode(route, this.path, this.#host, this.#port)
    t.after(() => node.#close())
    return node
  }

  /** From now on it counts its changes, as nodes of Topspin do. */
  count(): this {
    this.#changes = 1
    return this
  }

  #close(): void {
    for (const client of this.#clients.values()) client.close()
  }

  #order(): { order?: NodeOrder } {
    return this.#changes === 0 ? {} : { order: [this.#run, this.#changes] }
  }

  async register(proxy: Pick<FleetProxy, 'control'>, load: number = 80): Promise<void> {
    const { route } = this
    const client = this.#clientOf(proxy)
    await this.#mustSend(client, {
      method: 'CONFIG',
      route,
      host: this.#host,
      port: this.#port,
      type: 'http',
      aliases: [],
      contexts: [],
      ...this.#order(),
    })
    await this.change(proxy, 'ENABLE-APP')
    await this.#mustSend(client, { method: 'STATUS', route, load })
  }

  /** Rejects when the proxy refuses it. */
  async change(proxy: Pick<FleetProxy, 'control'>, method: AppMethod): Promise<void> {
    const { route, path } = this
    if (this.#changes > 0) this.#changes += 1
    const number = this.#changes
    await this.#mustSend(this.#clientOf(proxy), {
      method,
      ...this.#order(),
      wildcard: false,
      route,
      aliases: ['localhost'],
      contexts: [path],
      sender: 'node',
    })
    // It may have said something else meanwhile.
    if (number === this.#changes) this.wanted = statusAfter[method]
  }

  async remove(proxy: Pick<FleetProxy, 'control'>): Promise<void> {
    const { route } = this
    const none = { aliases: [], contexts: [] }
    await this.#mustSend(this.#clientOf(proxy), {
      method: 'REMOVE-APP',
      wildcard: true,
      route,
      ...none,
      sender: 'node',
    })
    this.wanted = 'absent'
  }

  report(proxy: Pick<FleetProxy, 'control'>, load: number): Promise<SendResult> {
    return this.#clientOf(proxy).send({ method: 'STATUS', route: this.route, load })
  }

  #clientOf({ control }: Pick<FleetProxy, 'control'>): McmpClient {
    let client = this.#clients.get(control)
    if (client === undefined) {
      const { hostname, port } = new URL(control)
      client = new McmpClient({ host: hostname, port: Number(port) })
      this.#clients.set(control, client)
    }
    return client
  }

  async #mustSend(client: McmpClient, message: Message): Promise<void> {
    const result = await client.send(message)
    assert.ok(
      result.ok,
      `${message.method} of ${this.route}: ${result.ok ? '' : result.error.message}`,
    )
  }
}

const statusAfter = {
  'ENABLE-APP': 'ENABLED',
  'DISABLE-APP': 'DISABLED',
  'STOP-APP': 'STOPPED',
  'REMOVE-APP': 'absent',
} as const

/** What a proxy knows of a node: `ENABLED`, ..., or `absent`. */
export function stateOf(nodes: readonly NodeReport[], route: string): string {
  const node = nodes.find((each) => each.route === route && each.removal === 'none')
  return node === undefined ? 'absent' : (node.contexts[0]?.status ?? 'absent')
}

/** Waits until every proxy knows of every node what it was answered with OK last. */
export async function equal(
  proxies: readonly FleetProxy[],
  nodes: readonly FleetNode[],
  withinMs: number = 10_000,
): Promise<void> {
  let differences: readonly string[] = []
  const isEqual = async (): Promise<boolean> => {
    const found = await Promise.all(
      proxies.map(async (proxy) => {
        const report = await proxy.status()
        return nodes.flatMap(({ route, wanted }) => {
          const state = stateOf(report.nodes, route)
          return state === wanted ? [] : [`${proxy.name}: ${route} is ${state}, not ${wanted}`]
        })
      }),
    )
    differences = found.flat()
    return differences.length === 0
  }
  await until('all proxies know what was accepted', isEqual, withinMs, () =>
    differences.slice(0, 20),
  )
}

/** The answer of a proxy to one request. */
export function ask(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
