// The examples of examples/embedding/ while their nodes are restarted one by one under load: no request fails, whatever
// its method, and a WebSocket passes.

import assert from 'node:assert/strict'
import { Agent, createServer, request } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Agent as JoinedAgent, joinCluster } from '../../../src/agent/index.ts'
import { startChild } from '../../support/child.ts'
import { listening } from '../../support/embedded.ts'
import { freePorts } from '../../support/free-ports.ts'
import { until } from '../../support/until.ts'
import { webSocket, webSocketServer } from '../../support/web-socket.ts'

const folder = fileURLToPath(new URL('../../../../examples/embedding', import.meta.url))

/** A node that registers /shop, answers with the length of the body it got, and can be restarted. */
async function startNode(
  t: TestContext,
  route: string,
  control: string,
): Promise<() => Promise<void>> {
  let agent: JoinedAgent
  let close = async (): Promise<void> => {}
  const start = async (): Promise<void> => {
    const server = createServer(async (incoming, response) => {
      let bytes = 0
      for await (const piece of incoming) bytes += (piece as Buffer).length
      setTimeout(() => response.end(`${incoming.url} ${bytes}`), 5)
    })
    webSocketServer({ server, path: '/shop/ws' }).on('connection', (socket) =>
      socket.on('message', (data) => socket.send(`echo ${data}`)),
    )
    await listening(t, server)
    agent = await joinCluster(server, {
      proxies: [control],
      contexts: ['/shop'],
      route,
      required: true,
    })
    close = async () => {
      await agent.close()
      server.close()
      server.closeAllConnections()
    }
  }
  await start()
  t.after(() => close())
  return async () => {
    await close()
    await start()
  }
}

interface Counts {
  good: number
  readonly failures: string[]
}

/** GETs and POSTs over kept connections until `isOver`. */
async function load(port: number, counts: Counts, isOver: () => boolean): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const one = async (method: 'GET' | 'POST'): Promise<void> => {
    const body = method === 'POST' ? 'x'.repeat(20_000) : ''
    const answer = await new Promise<string>((resolve) => {
      const headers = { 'content-length': body.length, 'content-type': 'application/json' }
      const options = { host: '127.0.0.1', port, path: '/shop/cart?q=1', method, headers, agent }
      const asked = request(options, async (response) => {
        let text = ''
        try {
          for await (const piece of response) text += piece
          resolve(response.statusCode === 200 ? text : `${response.statusCode} ${text}`)
        } catch (error) {
          resolve(String(error))
        }
      })
      asked.on('error', (error) => resolve(String(error)))
      asked.end(body)
    })
    if (answer === `/shop/cart?q=1 ${body.length}`) counts.good++
    else counts.failures.push(`${method}: ${answer}`)
  }
  const loop = async (method: 'GET' | 'POST'): Promise<void> => {
    while (!isOver()) await one(method)
  }
  await Promise.all([loop('GET'), loop('POST'), loop('GET'), loop('POST')])
  agent.destroy()
}

for (const framework of ['http', 'express', 'fastify', 'koa', 'hono'])
  test(`${framework} forwards while its nodes are restarted, and no request fails`, async (t) => {
    const [port = 0, controlPort = 0] = await freePorts(2)
    const control = `127.0.0.1:${controlPort}`
    const child = startChild(t, [join(folder, `${framework}.js`)], {
      PORT: `${port}`,
      CONTROL: control,
    })
    await until('it listens', () => child.output().includes(` on ${port}`), 20_000, child.output)
    const restarts = [await startNode(t, 'a', control), await startNode(t, 'b', control)]
    const url = `http://127.0.0.1:${port}`
    if (framework !== 'http')
      assert.equal(await (await fetch(`${url}/`)).text(), 'the application\n')

    const counts: Counts = { good: 0, failures: [] }
    let isOver = false
    const loaded = load(port, counts, () => isOver)
    for (const restart of [...restarts, ...restarts]) {
      await restart()
      const goal = counts.good + 100
      await until(
        'the load has gone on',
        () => counts.good >= goal,
        20_000,
        () => counts,
      )
    }
    isOver = true
    await loaded
    assert.deepEqual(counts.failures, [])
    t.diagnostic(`${counts.good} requests, 4 restarts, 0 failed`)

    const replies: string[] = []
    const socket = webSocket(`ws://127.0.0.1:${port}/shop/ws`)
    socket.on('message', (data) => replies.push(String(data)))
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve)
      socket.on('error', reject)
    })
    socket.send('one')
    await until('the echo has come', () => replies.length === 1)
    assert.deepEqual(replies, ['echo one'])
    socket.terminate()
    child.process.kill('SIGTERM')
    assert.equal(await child.ended, 0, child.output())
  })
