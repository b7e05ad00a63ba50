// `topspin serve` with worker processes, seen from outside: its workers, its nodes, and clients that keep
// their connections. For scenes.

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import type { TestContext } from 'node:test'
import type { NodeReport, StatusReport, WorkerReport } from '../../src/control/status-report.ts'
import { sendMessage } from './control-client.ts'
import { type Running, type StartMore, startServe } from './topspin.ts'
import { until } from './until.ts'

export interface Workers extends Running {
  readonly trafficPort: number
  /** URL of the control listener. */
  readonly control: string
  readonly controlPort: number
  status(): Promise<StatusReport>
  node(route: string): Promise<NodeReport>
  workers(): Promise<readonly WorkerReport[]>
  /** Registers a node that serves `/` with this load factor. */
  register(route: string, port: number, load: number): Promise<void>
}

export interface ServeMore extends StartMore {
  readonly args?: readonly string[]
}

export async function startWorkers(
  t: TestContext,
  count: number,
  env: Record<string, string> = {},
  more: ServeMore = {},
): Promise<Workers> {
  const serve = await startServe(['--workers', String(count), ...(more.args ?? [])], env, more)
  t.after(() => serve.child.kill('SIGKILL'))
  const [trafficPort, controlPort] = [serve.traffic, serve.control].map((url) =>
    Number(new URL(url).port),
  ) as [number, number]
  const status = async (): Promise<StatusReport> =>
    (await (await fetch(`${serve.control}api/status`)).json()) as StatusReport
  return {
    ...serve,
    trafficPort,
    controlPort,
    status,
    workers: async () => (await status()).workers,
    async node(route) {
      const found = (await status()).nodes.find((node) => node.route === route)
      if (found === undefined) throw new Error(`no node ${route}`)
      return found
    },
    async register(route, port, load) {
      const config = `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http`
      for (const [method, body] of [
        ['CONFIG', config],
        ['ENABLE-APP', `JVMRoute=${route}&Alias=localhost&Context=/`],
        ['STATUS', `JVMRoute=${route}&Load=${load}`],
      ] as const) {
        const reply = await sendMessage(controlPort, method, body)
        if (!reply.status.includes('200')) throw new Error(`${method}: ${reply.status}`)
      }
    },
  }
}

/** One client connection, kept open between requests. */
export class Client {
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor(t: TestContext, port: number) {
    this.#port = port
    t.after(() => this.#agent.destroy())
  }

  /** The body of the response; rejects when the connection is cut. */
  get(path: string = '/', cookie?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path,
          agent: this.#agent,
          headers: cookie === undefined ? {} : { cookie },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part
          })
          response.on('error', reject)
          response.on('end', () =>
            response.statusCode === 200
              ? resolve(text)
              : reject(new Error(`status ${response.statusCode}`)),
          )
        },
      )
      outgoing.on('error', reject)
      outgoing.end()
    })
  }
}

/** Clients, as many as it takes until every worker has some. */
export async function clientsOfAll(t: TestContext, serve: Workers, atLeast = 1): Promise<Client[]> {
  const clients: Client[] = []
  await until('every worker has connections', async () => {
    const client = new Client(t, serve.trafficPort)
    clients.push(client)
    await client.get()
    if (clients.length < atLeast) return false
    const workers = await serve.workers()
    return workers.every(({ connections }) => connections > 0)
  })
  return clients
}

/** Processes that this one has started and that are still there. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word.trim() !== '')
    .map(Number)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
