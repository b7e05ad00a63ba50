// The part of Consul's API that lists the instances of a service, with blocking queries.
// https://developer.hashicorp.com/consul/api-docs/features/blocking

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

interface Instance {
  readonly address: string
  readonly port: number
  /** Of its check. Default `passing`. */
  readonly status?: 'passing' | 'warning' | 'critical' | 'maintenance'
  readonly weight?: number
}

export class ConsulApi {
  /** `fails`: no leader; `silent`: no answer. */
  mode: 'answers' | 'fails' | 'silent' = 'answers'
  token: string | undefined
  index = 100
  /** Path and query of each request. */
  readonly asked: URL[] = []
  #instances: readonly Instance[] = []
  readonly #waiting: Set<() => void> = new Set()

  async listen(t: TestContext): Promise<string> {
    const server = createServer((request, response) => this.#answer(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Questions that wait for a change. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** @param index of the change; a server that was set up anew begins with a lower one. */
  set(instances: readonly Instance[], index: number = this.index + 1): void {
    this.#instances = instances
    this.index = index
    for (const answer of this.#waiting) answer()
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const asked = new URL(url, 'http://consul')
    this.asked.push(asked)
    if (this.mode === 'silent') return
    const refuse = (status: number, text: string): void => {
      response.statusCode = status
      response.end(text)
    }
    if (this.mode === 'fails') return refuse(500, 'No cluster leader')
    if (this.token !== undefined && headers['x-consul-token'] !== this.token)
      return refuse(403, 'Permission denied: token lacks permission')
    if (asked.pathname !== '/v1/health/service/shop') return this.#write(response, [])
    const index = Number(asked.searchParams.get('index') ?? 0)
    // A question upon another index than the present one does not wait.
    if (index !== this.index) return this.#write(response, this.#instances)
    const answer = (): void => {
      clearTimeout(timer)
      this.#waiting.delete(answer)
      this.#write(response, this.#instances)
    }
    const timer = setTimeout(answer, Number.parseInt(asked.searchParams.get('wait') ?? '', 10))
    this.#waiting.add(answer)
    response.once('close', () => {
      clearTimeout(timer)
      this.#waiting.delete(answer)
    })
  }

  #write(response: ServerResponse, instances: readonly Instance[]): void {
    response.setHeader('x-consul-index', String(this.index))
    response.setHeader('x-consul-knownleader', 'true')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(instances.map(entryOf)))
  }
}

function entryOf({ address, port, status = 'passing', weight = 1 }: Instance): object {
  const ID = `shop-${address}`
  const check =
    status === 'maintenance'
      ? { CheckID: `_service_maintenance:${ID}`, Status: 'critical', Notes: 'a deploy' }
      : { CheckID: `service:${ID}`, Status: status }
  return {
    Node: { Node: 'worker-1', Address: '10.9.9.9', Datacenter: 'dc1' },
    Service: {
      ID,
      Service: 'shop',
      Tags: [],
      Address: address,
      Port: port,
      Weights: { Passing: weight, Warning: 1 },
    },
    Checks: [
      { Node: 'worker-1', CheckID: 'serfHealth', Status: 'passing' },
      { ...check, ServiceID: ID },
    ],
  }
}
