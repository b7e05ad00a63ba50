// `topspin upgrade`: the program of a running proxy is replaced, and nobody notices.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, Agent as HttpAgent, request as httpRequest, type Server } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { joinCluster } from '../../../src/agent/index.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRestartedNode } from '../../support/restarted-node.ts'
import { program, topspin } from '../../support/topspin.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'
import { isAlive, startProxy, upgrade, upgraded } from '../../support/upgraded-proxy.ts'

interface Socket extends NodeJS.EventEmitter {
  send(data: string): void
  close(code: number): void
}
interface WebSocketModule {
  new (url: string, options: object): Socket
  WebSocketServer: new (options: { server: Server }) => NodeJS.EventEmitter
}
const WebSocket = createRequire(import.meta.url)('ws') as WebSocketModule

/** One request each 2 ms. */
const perTick = 10
const tickMs = 20

/** A steady stream of requests, on kept connections and on new ones in turn. */
class Load {
  sent = 0
  answered = 0
  readonly failures: string[] = []
  readonly #urls: readonly string[]
  readonly #agents: Map<string, HttpAgent> = new Map()
  readonly #timer: NodeJS.Timeout

  constructor(t: TestContext, urls: readonly string[]) {
    this.#urls = urls
    for (const url of urls)
      this.#agents.set(
        url,
        new (url.startsWith('https') ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 8 }),
      )
    this.#timer = setInterval(() => {
      for (let i = 0; i < perTick; i++) void this.#send()
    }, tickMs)
    t.after(() => this.#stop())
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await until(
      'all are answered',
      () => this.answered + this.failures.length === this.sent,
      30_000,
      () => this,
    )
    this.#stop()
  }

  #stop(): void {
    clearInterval(this.#timer)
    for (const agent of this.#agents.values()) agent.destroy()
  }

  async #send(): Promise<void> {
    this.sent += 1
    const url = this.#urls[this.sent % this.#urls.length] as string
    const isKept = this.sent % 2 === 0
    try {
      const text = await ask(url, isKept ? this.#agents.get(url) : undefined)
      if (text === 'done') this.answered += 1
      else this.failures.push(`${url}: ${text}`)
    } catch (error) {
      this.failures.push(`${url} ${isKept ? 'kept' : 'new'}: ${(error as Error).message}`)
    }
  }
}

/** @returns the body, with the status in front unless that is 200. */
function ask(url: string, agent: HttpAgent | undefined, path: string = '/'): Promise<string> {
  const socketPath = /^http:\/\/unix:(.+)$/.exec(url)?.[1]
  const send = url.startsWith('https') ? httpsRequest : httpRequest
  const base = socketPath === undefined ? url : 'http://localhost'
  return new Promise((resolve, reject) => {
    const options = { agent: agent ?? false, path, rejectUnauthorized: false }
    const outgoing = send(
      base,
      { ...options, ...(socketPath === undefined ? {} : { socketPath }) },
      (response) => {
        let text = response.statusCode === 200 ? '' : `${response.statusCode} `
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', reject)
        response.on('end', () => resolve(text))
      },
    )
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const parts = 40

/** Answers at once; sends `/download` in parts until it is told to end, and echoes over WebSocket. */
async function startApplication(
  t: TestContext,
): Promise<{ server: Server; port: number; finish(): void }> {
  let isOver = false
  const server = createServer((request, response) => {
    if (request.url !== '/download') return response.end('done')
    let sent = 0
    const timer = setInterval(() => {
      if (sent < parts - 1 || isOver) {
        sent += 1
        response.write('x'.repeat(1_000))
      }
      if (sent < parts) return
      clearInterval(timer)
      response.end()
    }, 20)
    return undefined
  })
  new WebSocket.WebSocketServer({ server }).on('connection', (socket: Socket) =>
    socket.on('message', (data: Buffer) => socket.send(data.toString().toUpperCase())),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    server,
    port: (server.address() as AddressInfo).port,
    finish: () => {
      isOver = true
    },
  }
}

async function openWebSocket(url: string): Promise<Socket> {
  const socket = new WebSocket(url.replace('http', 'ws'), { rejectUnauthorized: false })
  await once(socket, 'open')
  return socket
}

async function echo(socket: Socket): Promise<string> {
  const heard = once(socket, 'message')
  socket.send('hello')
  const [data] = (await heard) as [Buffer]
  return data.toString()
}

for (const workers of [0, 2]) {
  test(`no request fails and nothing is cut in two upgrades in a row, ${workers} workers`, {
    skip: noOpenssl,
  }, async (t) => {
    const [fixed, registered] = [await startApplication(t), await startApplication(t)]
    const { certFile, keyFile } = selfSigned()
    const path = join(socketFolder(t), 'web.sock')
    const proxy = await startProxy(
      t,
      `listen: ['127.0.0.1:0', 'https://127.0.0.1:0', 'unix:${path}']
tls: { cert: ${certFile}, key: ${keyFile} }
control: { listen: '127.0.0.1:0' }
workers: ${workers}
to: '127.0.0.1:${fixed.port}'
timeouts: { idle: 3s }
`,
    )
    const reports: string[] = []
    const agent = await joinCluster(registered.server, {
      route: 'registered',
      proxies: [proxy.control],
      contexts: ['/'],
      reportIntervalMs: 100,
    })
    t.after(() => agent.close())
    const watching = setInterval(
      () =>
        reports.push(
          ...agent.status.map(({ state }) =>
            state.kind === 'report' && state.reachable ? 'ok' : JSON.stringify(state),
          ),
        ),
      20,
    )
    t.after(() => clearInterval(watching))
    const [plain = '', secure = ''] = proxy.traffic
    const load = new Load(t, proxy.traffic)
    const sockets = await Promise.all([plain, secure].map(openWebSocket))
    const downloads = [plain, secure].map((url) => ask(url, undefined, '/download'))
    const first = await upgraded(proxy)
    assert.equal(first.ending.pid, proxy.child.pid)
    for (const socket of sockets) assert.equal(await echo(socket), 'HELLO')
    const second = await upgraded(proxy)
    assert.equal(second.ending.pid, first.serving.pid)
    for (const socket of sockets) assert.equal(await echo(socket), 'HELLO')
    assert.ok(isAlive(first.ending.pid), 'it serves its WebSockets')
    await sleep(300)
    for (const application of [fixed, registered]) application.finish()
    for (const text of await Promise.all(downloads)) assert.equal(text.length, parts * 1_000)
    await load.end()
    t.diagnostic(`${load.sent} requests, ${load.failures.length} failed`)
    assert.deepEqual(load.failures, [])
    assert.ok(load.sent > 500)
    for (const socket of sockets) socket.close(1000)
    for (const { ending } of [first, second])
      await until(
        'the replaced processes end',
        () => !isAlive(ending.pid),
        15_000,
        () => proxy.printed,
      )
    assert.ok(existsSync(path), 'the file of the unix socket stays')
    assert.deepEqual(
      reports.filter((text) => text !== 'ok'),
      [],
    )
    const joined = proxy.printed.stdout.match(/"route":"registered"[^\n]*"node joined"/g) ?? []
    assert.equal(joined.length, 1, 'it registered once')
    process.kill(second.serving.pid, 'SIGTERM')
    await until('the last process ends', () => !isAlive(second.serving.pid))
    assert.ok(!existsSync(path), 'the last one removes the file')
  })
}

test('a new configuration with a problem leaves the old process serving, and the command says why', async (t) => {
  const node = await startNode(t)
  const good = `listen: '127.0.0.1:0'\ncontrol: { listen: '127.0.0.1:0' }\nto: '127.0.0.1:${node.port}'\nworkers: 1\n`
  const proxy = await startProxy(t, good)
  for (const [bad, reason] of [
    [good.replace('workers', 'wrokers'), /wrokers/],
    ['', /sets no key/],
    [good.replace(/to: .*/, 'to: []'), /to: leaves no node that serves requests/],
    [good.replace("'127.0.0.1:0'", '[]'), /listen: closes all addresses for clients/],
    [`${good}accessLog: /none/such/access.log\n`, /accessLog\.to: the folder/],
    [good.replace("'127.0.0.1:0'", `'127.0.0.1:${node.port}'`), /127\.0\.0\.1:\d+ is in use/],
    [
      good.replace(
        "control: { listen: '127.0.0.1:0' }",
        `control: { listen: '127.0.0.1:${node.port}' }`,
      ),
      /is in use/,
    ],
  ] as const) {
    writeFileSync(proxy.file, bad)
    const { code, stdout } = await upgrade(proxy)
    assert.equal(code, 1)
    assert.match(stdout, reason)
    assert.equal(await ask(proxy.traffic[0] ?? '', undefined), 'done')
    assert.equal((await topspin('status', '--control', proxy.control)).code, 0)
  }
  writeFileSync(proxy.file, good)
  assert.equal((await upgraded(proxy)).ending.pid, proxy.child.pid)
})

test('orders of operators and the state file pass to the new process, whose events tell of it', async (t) => {
  const node = await startNode(t)
  const state = join(socketFolder(t), 'state')
  const proxy = await startProxy(
    t,
    `listen: '127.0.0.1:0'\ncontrol: { listen: '127.0.0.1:0' }\nto: '127.0.0.1:${node.port}'\nworkers: 0\nstate: ${state}\n`,
  )
  const route = `127-0-0-1-${node.port}`
  assert.equal((await topspin('stop', route, '--control', proxy.control)).code, 0)
  await upgraded(proxy)
  const events = await fetch(`http://${proxy.control}/api/v1/events`)
  assert.match(
    await events.text(),
    new RegExp(`"upgraded: this process serves","detail":{"before":${proxy.child.pid},`),
  )
  assert.match(await ask(proxy.traffic[0] ?? '', undefined), /^503 /)
  assert.equal((await topspin('enable', route, '--control', proxy.control)).code, 0)
  assert.equal(await ask(proxy.traffic[0] ?? '', undefined), 'done')
  await until('the new process writes the state file', () =>
    /"ENABLED"/.test(readFileSync(state, 'utf8')),
  )
  assert.doesNotMatch(proxy.printed.stdout, /must not share/)
})

const statusOf = async (client: RawClient | undefined): Promise<number | undefined> => {
  client?.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  return (await client?.answer())?.status
}

/** A program that starts as another file says, as after an installation. */
function installed(t: TestContext): { path: string; install(text: string): void } {
  const path = join(socketFolder(t), 'topspin.mjs')
  const install = (text: string): void => writeFileSync(path, text)
  install(`await import(${JSON.stringify(pathToFileURL(program).href)})\n`)
  return { path, install }
}

test('a new program that crashes changes nothing, and a later one takes over', async (t) => {
  const node = await startNode(t)
  const { path, install } = installed(t)
  const good = readFileSync(path, 'utf8')
  const where = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--workers', '0']
  const to = ['--to', `127.0.0.1:${node.port}`]
  const proxy = await startProxy(t, [path, 'serve', ...where, ...to])
  for (const [text, reason] of [
    ['throw new Error("broken")', /ended before it was ready \(exit code 1\)/],
    ['process.kill(process.pid, "SIGKILL")', /ended before it was ready \(SIGKILL\)/],
  ] as const) {
    install(text)
    const { code, stdout } = await upgrade(proxy)
    assert.equal(code, 1)
    assert.match(stdout, reason)
    assert.equal(await ask(proxy.traffic[0] ?? '', undefined), 'done')
  }
  install(good)
  await upgraded(proxy)
})

test('a second order while an upgrade is under way is refused, and a signal ends both processes', async (t) => {
  const node = await startNode(t)
  const { path, install } = installed(t)
  const where = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--workers', '0']
  const to = ['--to', `127.0.0.1:${node.port}`]
  const proxy = await startProxy(t, [path, 'serve', ...where, ...to])
  install('console.log("hanging", process.pid); setInterval(() => {}, 1_000)')
  const first = upgrade(proxy)
  const [, pid = ''] = await proxy.sees(/hanging (\d+)/)
  const second = await upgrade(proxy)
  assert.equal(second.code, 1)
  assert.match(second.stdout, /another upgrade is under way/)
  assert.equal(await ask(proxy.traffic[0] ?? '', undefined), 'done')
  proxy.child.kill('SIGTERM')
  const { code, stdout } = await first
  assert.equal(code, 1)
  assert.match(stdout, /this process ends/)
  assert.equal((await proxy.ended).code, 0)
  await until('the new process ends', () => !isAlive(Number(pid)))
})

test('a signal ends the new process and the one that it has replaced', async (t) => {
  const node = await startNode(t)
  const proxy = await startProxy(
    t,
    `listen: '127.0.0.1:0'\ncontrol: { listen: '127.0.0.1:0' }\nto: '127.0.0.1:${node.port}'\nworkers: 0\ntimeouts: { drain: 100ms }\n`,
  )
  const slow = ask(proxy.traffic[0] ?? '', undefined, '/slow').catch(
    (error: Error) => error.message,
  )
  await until('the request is in flight', () => node.slow.length === 1)
  const { serving, ending } = await upgraded(proxy)
  assert.ok(isAlive(ending.pid))
  process.kill(serving.pid, 'SIGTERM')
  await until('both have ended', () => !isAlive(serving.pid) && !isAlive(ending.pid))
  assert.match(await slow, /socket hang up|ECONNRESET|aborted/)
})

test('addresses that the new configuration names no more are closed, and their files removed', async (t) => {
  const node = await startNode(t)
  const folder = socketFolder(t)
  const [web, health, control] = ['web', 'health', 'control'].map((name) => join(folder, name))
  const [extra = 0, checks = 0] = await freePorts(2)
  const text = (listen: string, healthAt: string): string =>
    `listen: ['127.0.0.1:0'${listen}]\ncontrol: { listen: 'unix:${control}' }\n${healthAt}\nto: '127.0.0.1:${node.port}'\nworkers: 1\n`
  const first = text(
    `, 'unix:${web}', '127.0.0.1:${extra}'`,
    `health: { listen: 'unix:${health}' }`,
  )
  const proxy = await startProxy(t, first)
  const next = async (configuration: string): Promise<void> => {
    writeFileSync(proxy.file, configuration)
    const { ending } = await upgraded({ control: `unix:${control}` })
    await until('the replaced process has ended', () => !isAlive(ending.pid))
  }
  assert.deepEqual(
    [web, health, control].map((path) => existsSync(path ?? '')),
    [true, true, true],
  )
  await next(text('', `health: { listen: '127.0.0.1:${checks}' }`))
  assert.deepEqual(
    [web, health, control].map((path) => existsSync(path ?? '')),
    [false, false, true],
  )
  await assert.rejects(ask(`http://127.0.0.1:${extra}/`, undefined), /ECONNREFUSED/)
  assert.match(await ask(`http://127.0.0.1:${checks}/readyz`, undefined, '/readyz'), /^ready/)
  await next(text('', ''))
  await assert.rejects(ask(`http://127.0.0.1:${checks}/`, undefined), /ECONNREFUSED/)
})

for (const workers of [0, 2])
  test(`the replaced process uses a node again that it has found down, ${workers} workers`, async (t) => {
    const { port, open, close } = await startRestartedNode(t)
    const proxy = await startProxy(
      t,
      `listen: '127.0.0.1:0'\ncontrol: { listen: '127.0.0.1:0' }\nto: '127.0.0.1:${port}'\nworkers: ${workers}\n`,
    )
    const { port: traffic } = new URL(proxy.traffic[0] ?? '')
    const clients = await Promise.all(
      Array.from({ length: 48 }, () => RawClient.connect(t, Number(traffic))),
    )
    for (const client of clients) assert.equal(await statusOf(client), 200)
    await upgraded(proxy)
    close()
    for (const client of clients.splice(0, 8)) assert.equal(await statusOf(client), 503)
    await open()
    // Of each worker one request at a time goes to a node that is down when there is no other.
    await until('the node is used again', async () => {
      await sleep(300)
      const statuses = await Promise.all(clients.splice(0, 4).map(statusOf))
      return statuses.every((status) => status === 200)
    })
    assert.ok(clients.length > 0)
    for (const client of clients) assert.equal(await statusOf(client), 200)
  })
