// A scripted replacement for httpd's control listener (mcmp.md 1.5, 1.6) on a raw server. It keeps registered contexts,
// replies in httpd's forms (chunked, errors as 500 with headers and `Connection: close`), and can refuse, stay silent, or
// forget everything as after a restart.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

export interface Received {
  readonly method: string
  readonly target: string
  readonly body: ReadonlyMap<string, string>
  /** The field `Topspin-Load-Source` of a STATUS. */
  readonly loadSource: string | undefined
  /** The field `Topspin-Load-Metrics` of a STATUS. */
  readonly loadMetrics: string | undefined
  readonly atMs: number
}

interface FakeNode {
  readonly config: ReadonlyMap<string, string>
  /** `alias path` to status, an entry for each alias. */
  readonly contexts: Map<string, string>
}

const statusFor = new Map([
  ['ENABLE-APP', 'ENABLED'],
  ['DISABLE-APP', 'DISABLED'],
  ['STOP-APP', 'STOPPED'],
])

export class FakeHttpd {
  readonly received: Received[] = []
  readonly nodes: Map<string, FakeNode> = new Map()
  connections = 0
  /** Reads and never replies. */
  silent = false
  /** Sends this reply to one method instead of the usual one. */
  readonly refuse: Map<string, { type: string; mess: string }> = new Map()
  /** Adds `Requests=n` to STOP-APP replies, as older versions of httpd do. */
  requests: (() => number) | undefined
  /** Writes these replies as Undertow does, with nothing between the pairs. */
  isUndertow = false
  /** `Connected` of every node in INFO. */
  connected: () => number = () => 0
  state = 'OK'
  id = 1
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async start(t: TestContext): Promise<FakeHttpd> {
    const fake = new FakeHttpd()
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    t.after(() => fake.#stop())
    return fake
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Messages without the given kinds, each as `METHOD path`. */
  story(without: readonly string[] = ['STATUS']): string[] {
    return this.received
      .filter(({ method }) => !without.includes(method))
      .map(({ method, target, body }) => {
        const detail = body.get('Context') ?? (target === '/*' ? '/*' : '')
        return `${method} ${detail}`.trim()
      })
  }

  count(method: string): number {
    return this.received.filter((message) => message.method === method).length
  }

  /** Forgets everything, closes all connections and changes the id. */
  restart(): void {
    this.nodes.clear()
    this.id++
    this.dropConnections()
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const story = (): string => JSON.stringify(this.story([]))
    await until(what, condition).catch((error: Error) => {
      throw new Error(`${error.message}; received ${story()}`)
    })
  }

  #stop(): void {
    this.dropConnections()
    this.#server.close()
  }

  #accept(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    let text = ''
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (;;) {
        const head = text.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
        if (text.length < head + 4 + length) return
        const [method = '', target = ''] = text.split(' ', 2)
        const loadSource = /\r\ntopspin-load-source: (\S+)/i.exec(text.slice(0, head))?.[1]
        const loadMetrics = /\r\ntopspin-load-metrics: ([^\r]+)/i.exec(text.slice(0, head))?.[1]
        const body = pairs(text.slice(head + 4, head + 4 + length))
        text = text.slice(head + 4 + length)
        this.received.push({
          method,
          target,
          body,
          loadSource,
          loadMetrics,
          atMs: performance.now(),
        })
        if (!this.silent) socket.write(this.#answer(method, target, body))
      }
    })
  }

  #answer(method: string, target: string, body: ReadonlyMap<string, string>): string {
    const refusal = this.refuse.get(method)
    if (refusal !== undefined) return problem(refusal.type, refusal.mess)
    const route = body.get('JVMRoute') ?? ''
    if (method === 'INFO') return success(this.#info())
    if (method === 'CONFIG') {
      const contexts = this.nodes.get(route)?.contexts ?? new Map<string, string>()
      this.nodes.set(route, { config: body, contexts })
      return success('')
    }
    const node = this.nodes.get(route)
    if (node === undefined) return problem('MEM', `MEM: Can't read node with "${route}" JVMRoute`)
    if (method === 'STATUS') {
      const key = [...body.keys()].find((name) => name !== 'JVMRoute' && name !== 'Load')
      if (key !== undefined) return problem('SYNTAX', `SYNTAX: Invalid field "${key}" in message`)
      return success(`Type=STATUS-RSP&JVMRoute=${route}&State=${this.state}&id=${this.id}\n`)
    }
    if (target === '/*') {
      this.nodes.delete(route)
      return success('')
    }
    const status = statusFor.get(method)
    const contexts = body.get('Context')?.split(',') ?? []
    const aliases = body.get('Alias')?.split(',') ?? []
    for (const alias of aliases) {
      for (const path of contexts) {
        if (status === undefined) node.contexts.delete(`${alias} ${path}`)
        else node.contexts.set(`${alias} ${path}`, status)
      }
    }
    if (method === 'STOP-APP' && this.requests !== undefined) {
      if (this.isUndertow)
        return success(
          `Type=STOP-APP-RSP,JvmRoute=${route}Alias=${aliases}Context=${contexts}Requests=${this.requests()}`,
        )
      const names = `Alias=${aliases.join(',')}&Context=${contexts.join(',')}`
      return success(`Type=STOP-APP-RSP&JvmRoute=${route}&${names}&Requests=${this.requests()}\n`)
    }
    const blocks = aliases.map((alias) => `\nAlias=${alias} Contexts=${contexts.join(',')}\n`)
    return success(`Type=${method}-RSP\nJvmRoute=${route}\n${blocks.join('')}\n`)
  }

  /** As in the newest httpd: a virtual host of its own for every alias. */
  #info(): string {
    const [nodes, vhosts, contexts]: [string[], string[], string[]] = [[], [], []]
    let slot = 0
    for (const [id, [route, node]] of [...this.nodes].entries()) {
      const value = (key: string): string => node.config.get(key) ?? ''
      nodes.push(
        `Node: [${id}],Name: ${route},Balancer: mycluster,LBGroup: ,Host: ${value('Host')},Port: ${value('Port')},Type: ${value('Type')},Flushpackets: Off,Flushwait: 10,Ping: 10,Smax: -1,Ttl: 60,Elected: 0,Read: 0,Transfered: 0,Connected: ${this.connected()},Load: 50\n`,
      )
      const aliases = [...new Set([...node.contexts.keys()].map((key) => key.split(' ')[0] ?? ''))]
      for (const [index, alias] of aliases.entries()) {
        vhosts.push(`Vhost: [${id}:${index + 1}:${slot}], Alias: ${alias}\n`)
        for (const [key, status] of node.contexts) {
          const [owner, path] = key.split(' ')
          if (owner !== alias) continue
          contexts.push(
            `Context: [${id}:${index + 1}:${slot++}], Context: ${path}, Status: ${status}\n`,
          )
        }
      }
    }
    return [...nodes, ...vhosts, ...contexts].join('')
  }
}

function pairs(text: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    if (at > 0) map.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)))
  }
  return map
}

function success(body: string): string {
  if (body === '') return 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n'
  const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n${chunk}`
}

function problem(type: string, mess: string): string {
  const page = '<!DOCTYPE HTML><html><body><h1>Internal Server Error</h1></body></html>\n'
  return `HTTP/1.1 500 Internal Server Error\r\nVersion: 0.2.1\r\nType: ${type}\r\nMess: ${mess}\r\nContent-Length: ${page.length}\r\nConnection: close\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n${page}`
}
