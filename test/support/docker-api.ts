// The part of Docker's API that lists containers and tells of events, on a unix socket.
// https://docs.docker.com/reference/api/engine/

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

export interface Container {
  readonly address: string
  readonly port: number
  readonly labels?: Readonly<Record<string, string>>
  readonly status?: string
}

export class DockerApi {
  mode: 'answers' | 'fails' = 'answers'
  /** Path and query of each request. */
  readonly asked: URL[] = []
  readonly #containers: Map<string, Container> = new Map()
  readonly #streams: Set<ServerResponse> = new Set()
  readonly #server: Server = createServer((request, response) => this.#answer(request, response))

  /** @returns the address, as `unix:/PATH`. */
  async listen(t: TestContext, folder: string): Promise<string> {
    const path = join(folder, 'docker.sock')
    this.#server.listen(path)
    await once(this.#server, 'listening')
    t.after(() => this.stop())
    return `unix:${path}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  get streams(): number {
    return this.#streams.size
  }

  get lists(): number {
    return this.asked.filter(({ pathname }) => pathname === '/containers/json').length
  }

  start(id: string, container: Container): void {
    this.#containers.set(id, container)
    this.tell(id, 'start')
  }

  /** `docker stop` until the container has ended. */
  stopping(id: string): void {
    this.tell(id, 'kill', { signal: '15' })
  }

  ended(id: string): void {
    this.#containers.delete(id)
    this.tell(id, 'die', { exitCode: '0' })
  }

  tell(id: string, Action: string, Attributes: object = {}): void {
    const event = { Type: 'container', Action, Actor: { ID: id, Attributes }, time: 1_700_000_000 }
    for (const stream of this.#streams) stream.write(`${JSON.stringify(event)}\n`)
  }

  endStreams(): void {
    for (const stream of this.#streams) stream.end()
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const asked = new URL(url, 'http://docker')
    this.asked.push(asked)
    response.setHeader('content-type', 'application/json')
    if (this.mode === 'fails') {
      response.statusCode = 500
      response.end(JSON.stringify({ message: 'a daemon in trouble' }))
    } else if (asked.pathname === '/events') {
      response.flushHeaders()
      this.#streams.add(response)
      response.once('close', () => this.#streams.delete(response))
    } else response.end(JSON.stringify(this.#list(asked)))
  }

  #list(asked: URL): readonly object[] {
    const { label } = JSON.parse(asked.searchParams.get('filters') ?? '{}') as { label: string[] }
    const all = [...this.#containers].map(([id, container]) => entryOf(id, container))
    return all.filter(({ Labels }) =>
      label.every((wanted) => {
        const [key = '', value] = wanted.split('=')
        return value === undefined ? key in Labels : Labels[key] === value
      }),
    )
  }
}

function entryOf(
  id: string,
  { address, port, labels = {}, status = 'Up 2 minutes' }: Container,
): { readonly Labels: Readonly<Record<string, string>> } {
  const entry = {
    Id: id,
    Names: [`/${id}`],
    State: 'running',
    Status: status,
    Labels: { topspin: 'shop', ...labels },
    Ports: [{ PrivatePort: port, Type: 'tcp' }],
    NetworkSettings: { Networks: { shop: { IPAddress: address } } },
  }
  return entry
}
