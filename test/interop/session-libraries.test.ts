// Session libraries of Node.js behind the proxy, as their READMEs show them: express-session, @fastify/session and
// Socket.IO keep their sessions in memory and do not name a node in any id. Two proxies with workers and one secret; a node
// drains, and another one is killed.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type TestContext, test } from 'node:test'
import { built } from '../support/child.ts'
import { sendMessage } from '../support/control-client.ts'
import { type Answer, get } from '../support/node-server.ts'
import { libraryApp, libraryList, whyNoLibraries } from '../support/session-libraries.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const skip = (await whyNoLibraries()) ?? false
const options = { skip, timeout: 120_000 }
const requests = 1_000
const clients = 20

interface AppNode {
  readonly route: string
  readonly process: ChildProcess
  readonly port: number
  /** It no longer takes requests of its sessions. */
  isGone: boolean
}

/** One session as its client sees it. */
class Session {
  cookies: Map<string, string> = new Map()
  node: AppNode | undefined
  visits = 0
  moves = 0
}

interface Tally {
  wrong: string[]
  moved: number
  failed: number
}

test(
  'express-session: each session stays at its node, through a drain and a kill -9',
  options,
  (t) => visitPages(t, 'express'),
)

test(
  'express-session: sessions stay at nodes that register themselves, through SIGTERM and a kill -9',
  options,
  (t) => visitPages(t, 'express', true),
)

test(
  '@fastify/session: each session stays at its node, through a drain and a kill -9',
  options,
  (t) => visitPages(t, 'fastify'),
)

for (const transports of [['polling'], ['polling', 'websocket'], ['websocket']]) {
  test(
    `Socket.IO by ${transports.join(' then ')}: no request of a session reaches another node`,
    options,
    (t) => visitSockets(t, transports),
  )
}

/** @param registers the nodes register by `topspin/auto`; otherwise they are fixed. */
async function visitPages(t: TestContext, kind: string, registers = false): Promise<void> {
  const { nodes, proxies } = registers ? await registered(t, kind) : await fixed(t, kind)
  const sessions = Array.from({ length: clients }, () => new Session())
  const tally: Tally = { wrong: [], moved: 0, failed: 0 }
  let made = 0
  const run = async (session: Session): Promise<void> => {
    while (made < requests) {
      const proxy = proxies[made++ % proxies.length] as Proxy
      await visit(session, nodes, proxy, tally)
    }
  }
  const running = Promise.all(sessions.map(run))
  await until('a third of the requests is made', () => made > requests / 3)
  const [drained, killed] = nodes as [AppNode, AppNode]
  if (registers) {
    drained.isGone = true
    drained.process.kill('SIGTERM')
  } else {
    // No new sessions, the old ones stay.
    await steer(proxies, 'DISABLE-APP', drained)
    const before = made
    await until('a hundred requests more', () => made > before + 100)
    const isAtDrained = sessions.some(({ node }) => node === drained)
    assert.ok(isAtDrained, 'a disabled node keeps its sessions')
    drained.isGone = true
    await steer(proxies, 'STOP-APP', drained)
  }
  await until('two thirds of the requests are made', () => made > (requests * 2) / 3)
  killed.isGone = true
  killed.process.kill('SIGKILL')
  await running
  t.diagnostic(
    `${made} requests, ${tally.wrong.length} at the wrong node, ${tally.moved} sessions moved, ${tally.failed} failed`,
  )
  assert.deepEqual(tally.wrong, [])
  // Requests that had reached the node when it was killed.
  assert.ok(tally.failed <= clients, `${tally.failed} failed`)
  for (const { node } of sessions) assert.ok(node !== undefined && !node.isGone)
}

async function visit(
  session: Session,
  nodes: readonly AppNode[],
  proxy: Proxy,
  tally: Tally,
): Promise<void> {
  const wasGone = session.node?.isGone === true
  const cookie = [...session.cookies].map((pair) => pair.join('=')).join('; ')
  const asked = get(proxy.traffic, '/visit', cookie === '' ? {} : { cookie })
  // The response of a node that is killed is cut.
  const answer = await asked.catch(() => ({
    status: 0,
    headers: {} as Answer['headers'],
    text: '',
  }))
  for (const line of answer.headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    session.cookies.set(name, value)
  }
  if (answer.status !== 200) {
    tally.failed++
    return
  }
  const [route = '', , visits] = answer.text.split(' ')
  const node = nodes.find((each) => each.route === route)
  const isSame = node === session.node && Number(visits) === session.visits + 1
  const mayMove = session.node === undefined || wasGone || session.node.isGone
  if (!isSame && !mayMove)
    tally.wrong.push(`${session.node?.route} ${session.visits}: ${answer.text}`)
  if (!isSame && session.node !== undefined) tally.moved++
  session.node = node
  session.visits = Number(visits)
}

interface ClientSocket {
  readonly connected: boolean
  readonly io: { readonly engine: { readonly transport: { readonly name: string } } }
  emitWithAck(event: string): Promise<string>
  timeout(ms: number): ClientSocket
  once(event: string, listener: () => void): void
  disconnect(): void
}

async function visitSockets(t: TestContext, transports: readonly string[]): Promise<void> {
  const { nodes, proxies } = await fixed(t, 'socket.io')
  const unknown: string[] = []
  for (const node of nodes)
    node.process.on('message', (news: { unknown?: string }) => {
      if (news.unknown !== undefined) unknown.push(`${node.route}: ${news.unknown}`)
    })
  const require = createRequire(libraryList)
  const { io }: { io(url: string, options: object): ClientSocket } = require('socket.io-client')
  const sockets = Array.from({ length: clients }, (_, index) =>
    io(`http://127.0.0.1:${proxies[index % proxies.length]?.traffic}`, {
      transports,
      withCredentials: true,
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 100,
    }),
  )
  t.after(() => {
    for (const socket of sockets) socket.disconnect()
  })
  let made = 0
  let lost = 0
  const places = new Set<string>()
  const run = async (socket: ClientSocket): Promise<void> => {
    while (made < requests) {
      made++
      try {
        const [route = ''] = (await socket.timeout(5_000).emitWithAck('visit')).split(' ')
        places.add(route)
      } catch {
        lost++
      }
    }
  }
  await until('all are connected', () => sockets.every(({ connected }) => connected))
  const running = Promise.all(sockets.map(run))
  await until('a third of the requests is made', () => made > requests / 3)
  assert.equal(places.size, nodes.length)
  const [drained, killed] = nodes as [AppNode, AppNode]
  await steer(proxies, 'DISABLE-APP', drained)
  await until('two thirds of the requests are made', () => made > (requests * 2) / 3)
  assert.equal(unknown.length, 0, unknown.join())
  killed.process.kill('SIGKILL')
  await running
  await until('all are connected again', () => sockets.every(({ connected }) => connected))
  if (transports.includes('websocket') && transports.length > 1)
    for (const { io: manager } of sockets) assert.equal(manager.engine.transport.name, 'websocket')
  // Long polls of killed sessions reach another node, which does not know them.
  const foreign = unknown.filter((line) => !line.endsWith(`_of_${killed.process.pid}`))
  t.diagnostic(
    `${made} requests, ${foreign.length} at the wrong node, ${lost} lost by the kill, ` +
      `${unknown.length - foreign.length} polls of killed sessions`,
  )
  assert.deepEqual(foreign, [])
}

interface Proxy {
  readonly traffic: number
  readonly control: number
}

interface Place {
  readonly nodes: readonly AppNode[]
  readonly proxies: readonly Proxy[]
}

async function fixed(t: TestContext, kind: string): Promise<Place> {
  const nodes = await startNodes(t, kind)
  const proxies = await startProxies(t, nodes)
  // Until its first check a node is used only where there is no other.
  await until('all are checked everywhere', async () => {
    const metrics = await Promise.all(proxies.map(({ control }) => get(control, '/metrics')))
    return metrics.every(
      ({ text }) => text.match(/^topspin_node_up\{.*\} 1$/gm)?.length === nodes.length,
    )
  })
  return { nodes, proxies }
}

async function registered(t: TestContext, kind: string): Promise<Place> {
  const proxies = await startProxies(t, [])
  const nodes = await startNodes(t, kind, proxies)
  await until('all are registered everywhere', async () => {
    const reports = await Promise.all(proxies.map(({ control }) => get(control, '/api/status')))
    return reports.every(({ text }) => text.split('"status":"ENABLED"').length > nodes.length)
  })
  return { nodes, proxies }
}

/** Two proxies with the same secret, each with two workers. @param nodes fixed ones. */
async function startProxies(t: TestContext, nodes: readonly AppNode[]): Promise<Proxy[]> {
  const to = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const secret = { TOPSPIN_STICKY_INSERT_SECRET: 'the-same-at-both' }
  return Promise.all(
    [1, 2].map(async () => {
      const serve = await startServe(['--to', to, '--workers', '2'], secret, {
        deadlineMs: 110_000,
      })
      t.after(() => serve.child.kill('SIGKILL'))
      return { traffic: portOf(serve.traffic), control: portOf(serve.control) }
    }),
  )
}

const portOf = (url: string): number => Number(new URL(url).port)

/** @param proxies with which they register. */
function startNodes(
  t: TestContext,
  kind: string,
  proxies: readonly Proxy[] = [],
): Promise<AppNode[]> {
  const controls = proxies.map(({ control }) => `127.0.0.1:${control}`).join(',')
  const execArgv = controls === '' ? [] : ['--import', built('src/auto.js')]
  return Promise.all(
    ['a', 'b', 'c', 'd'].map(async (route) => {
      const env = { ...process.env, TOPSPIN_PROXIES: controls, TOPSPIN_ROUTE: route }
      const child = fork(libraryApp, [kind, route], { stdio: 'inherit', execArgv, env })
      t.after(() => child.kill('SIGKILL'))
      const [{ port }] = (await once(child, 'message')) as [{ port: number }]
      return { route, process: child, port, isGone: false }
    }),
  )
}

/** At every proxy, for a fixed node, whose route is its address. */
async function steer(proxies: readonly Proxy[], method: string, { port }: AppNode): Promise<void> {
  for (const { control } of proxies)
    await sendMessage(control, method, `JVMRoute=127-0-0-1-${port}`, '/*')
}
