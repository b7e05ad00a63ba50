// The hand-over among an application's own functions: Express and Fastify as they are; Koa, Hono and NestJS by
// stand-ins that call us as they do.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fastify } from 'fastify'
import {
  fastifyPeers,
  honoPeers,
  joinPeers,
  koaPeers,
  nestPeers,
  type Peers,
  type PeersOptions,
  startPeers,
} from '../../../src/peer/index.ts'
import { freePorts } from '../../support/free-ports.ts'
import { until } from '../../support/until.ts'

type Handler = (request: IncomingMessage & { body?: unknown }, response: ServerResponse) => void
interface Express extends Handler {
  use(handler: unknown): void
}
const express: (() => Express) & { json(): unknown } = createRequire(import.meta.url)('express')

/** Two peers: `far` takes everything, whoever has the options hands everything over. */
async function cluster(
  t: TestContext,
): Promise<{ options: Omit<PeersOptions, 'address'>; far: Server }> {
  const [port] = await freePorts(1)
  const common = {
    group: `239.255.77.1:${port}`,
    interface: '127.0.0.1',
    key: 'what the peers of this scene share',
    periodMs: 200,
  }
  const far = createServer(async (req, res) => {
    let body = ''
    for await (const piece of req) body += piece
    res.end(`far ${req.url} ${body} ${req.socket.remotePort}`)
  }).listen(0, '127.0.0.1')
  await once(far, 'listening')
  const peers = await joinPeers(far, { ...common, candidacy: 'off', name: 'far' })
  t.after(async () => {
    far.closeAllConnections()
    far.close()
    await peers.close()
  })
  return { options: { ...common, candidacy: 'byAge 5, removeSelf', name: 'near' }, far }
}

function starts(t: TestContext, options: Omit<PeersOptions, 'address'>, port: number): Peers {
  const peers = startPeers({ ...options, address: `http://127.0.0.1:${port}` })
  t.after(() => peers.close())
  return peers
}

async function listens(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function ask(port: number, body?: string): Promise<{ text: string; from: number }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const headers = { 'Content-Type': 'application/json' }
    const outgoing = request({ port, method, path: '/x', headers, agent: false }, (response) => {
      let text = ''
      const from = response.socket.localPort ?? 0
      response.on('data', (piece) => {
        text += piece
      })
      response.on('end', () => resolve({ text, from }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Everything goes to the far one, and comes back when that is gone. */
async function handsOver(port: number, far: Server, here: RegExp): Promise<void> {
  await until('it hands over', async () => (await ask(port)).text.startsWith('far'))
  const posted = await ask(port, '{"a":1}')
  assert.equal(posted.text, `far /x {"a":1} ${posted.from}`)
  far.close()
  far.closeAllConnections()
  assert.match((await ask(port, '{"a":2}')).text, here)
  assert.match((await ask(port)).text, here)
}

test('an Express application hands over by a middleware', async (t) => {
  const { options, far } = await cluster(t)
  const app = express()
  const port = await listens(t, createServer(app))
  app.use(starts(t, options, port).middleware)
  app.use(express.json())
  app.use(((req, res) => res.end(`near ${JSON.stringify(req.body)}`)) satisfies Handler)
  await handsOver(port, far, /^near (undefined|{"a":2})$/)
})

test('a request whose body was read before is logged and served here', async (t) => {
  const { options } = await cluster(t)
  const warned: string[] = []
  const quiet = (): void => {}
  const log = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_: object, text: string) => warned.push(text),
  }
  const app = express()
  const port = await listens(t, createServer(app))
  app.use(express.json())
  app.use(starts(t, { ...options, log }, port).middleware)
  app.use(((req, res) => res.end(`near ${JSON.stringify(req.body)}`)) satisfies Handler)
  await until('it hands over', async () => (await ask(port)).text.startsWith('far'))
  assert.equal((await ask(port, '{"a":1}')).text, 'near {"a":1}')
  assert.equal((await ask(port, '{"a":2}')).text, 'near {"a":2}')
  assert.equal(warned.filter((text) => text.includes('body read before')).length, 1)
})

test('a Fastify application hands over by a plugin', async (t) => {
  const { options, far } = await cluster(t)
  const app = fastify()
  const answered: number[] = []
  app.addHook('onResponse', (_request, reply, done) => {
    answered.push(reply.raw.statusCode)
    done()
  })
  const [port = 0] = await freePorts(1)
  await app.register(fastifyPeers(starts(t, options, port)))
  app.all('/*', async (req) => `near ${JSON.stringify(req.body)}`)
  await app.listen({ port, host: '127.0.0.1' })
  t.after(() => app.close())
  await handsOver(port, far, /^near (undefined|{"a":2})$/)
  assert.ok(answered.length >= 4 && answered.every((status) => status === 200))
})

test('Koa sends nothing for a request that a peer has answered', async (t) => {
  const { options, far } = await cluster(t)
  const server = createServer()
  const port = await listens(t, server)
  const middleware = koaPeers(starts(t, options, port))
  server.on('request', async (req, res) => {
    res.statusCode = 404
    const context: { req: IncomingMessage; res: ServerResponse; respond?: boolean } = { req, res }
    await middleware(context, async () => {
      let body = ''
      for await (const piece of req) body += piece
      res.statusCode = 200
      res.end(`near ${body}`)
    })
    if (context.respond !== false && !res.headersSent) res.end('nobody')
  })
  await handsOver(port, far, /^near /)
})

test('Hono on Node.js sends nothing for a request that a peer has answered', async (t) => {
  const { options, far } = await cluster(t)
  const server = createServer()
  const port = await listens(t, server)
  const middleware = honoPeers(starts(t, options, port))
  assert.equal(await middleware({ env: undefined }, async () => {}), undefined)
  server.on('request', async (incoming, outgoing) => {
    const env = { incoming, outgoing }
    const answer = await middleware({ env }, async () => {
      let body = ''
      for await (const piece of incoming) body += piece
      outgoing.end(`near ${body}`)
    })
    if (answer !== undefined) assert.equal(answer.headers.get('x-hono-already-sent'), 'true')
  })
  await handsOver(port, far, /^near /)
})

test('a NestJS module joins with the application’s server and leaves at its shutdown', async (t) => {
  const { options, far } = await cluster(t)
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const piece of req) body += piece
    res.end(`near ${body}`)
  })
  const { module: Module } = nestPeers(options)
  const module = new Module() as {
    configure(consumer: object): void
    beforeApplicationShutdown(): Promise<void>
  }
  module.configure({ getHttpAdapter: () => ({ getHttpServer: () => server }) })
  const port = await listens(t, server)
  await handsOver(port, far, /^near /)
  await module.beforeApplicationShutdown()
  assert.match((await ask(port)).text, /^near/)
})

test('the status page is shown to allowed addresses, and is always of this server', async (t) => {
  const { options } = await cluster(t)
  const server = createServer((req, res) => res.end(`near ${req.url}`))
  const port = await listens(t, server)
  const statusPath = '/.well-known/topspin/peers'
  const peers = await joinPeers(server, { ...options, statusPath })
  t.after(() => peers.close())
  await until('it hands over', async () => (await ask(port)).text.startsWith('far'))
  const page = async (accept: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${statusPath}`, { headers: { accept } })
  const html = await page('text/html')
  assert.match(html.headers.get('content-type') ?? '', /html/)
  assert.match(await html.text(), /Peers of <strong>near/)
  const json = (await (await page('application/json')).json()) as {
    name: string
    peers: { name: string; sent: { requests: number } }[]
  }
  assert.equal(json.name, 'near')
  assert.ok((json.peers.find(({ name }) => name === 'far')?.sent.requests ?? 0) > 0)

  const secret = createServer((req, res) => res.end(`here ${req.url}`))
  const other = await listens(t, secret)
  const closed = await joinPeers(secret, {
    ...options,
    name: 'x',
    statusPath,
    statusFrom: ['192.0.2.1'],
  })
  t.after(() => closed.close())
  const answer = await fetch(`http://127.0.0.1:${other}${statusPath}?x`)
  assert.equal(await answer.text(), `here ${statusPath}?x`)
})
