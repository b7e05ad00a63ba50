// Unmodified servers behind the real proxy: Express and Fastify with `--import topspin/auto`, and a Python server with
// `topspin agent`. They join, serve and leave without an error.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { built, type Child, startChild } from '../../support/child.ts'
import { freePorts } from '../../support/free-ports.ts'
import { type Answer, get } from '../../support/node-server.ts'
import { program, startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const root = dirname(dirname(program))
const hasPython = spawnSync('python3', ['--version']).status === 0
const needsPython = { skip: hasPython ? false : 'python3 is not installed' }

interface Place {
  readonly port: number
  /** `host:port` of the control listener. */
  readonly control: string
}

for (const name of ['express', 'fastify']) {
  test(`an unmodified ${name} application joins, serves through the proxy, and drains on SIGTERM`, async (t) => {
    const proxy = await startProxy(t)
    const app = startApp(t, name, proxy)
    await untilServes(proxy, '/shop', app)
    const plain = await get(proxy.port, '/shop')
    assert.equal(plain.text, name)
    assert.equal(plain.headers['endpoint-load-metrics'], undefined)
    assert.equal((await get(proxy.port, '/shop/parts')).text, 'one,two')
    const basket = await post(proxy.port, '/shop/basket', '{"apples":3}')
    assert.deepEqual(JSON.parse(basket.text), { apples: 3 })
    // Inside the context it is the application that does not know a path, outside the proxy.
    assert.doesNotMatch((await get(proxy.port, '/shop/nothing')).text, /NO_CONTEXT/)
    assert.match((await get(proxy.port, '/other')).text, /NO_CONTEXT/)

    const slow = Array.from({ length: 5 }, () => get(proxy.port, '/shop/slow'))
    await until('the slow requests are at the node', async () => (await inFlight(proxy)) === 5)
    app.process.kill('SIGTERM')
    for (const answer of await Promise.all(slow)) assert.equal(answer.text, 'slow')
    assert.equal(await app.ended, 'SIGTERM')
    assert.equal((await get(proxy.port, '/shop')).status, 404)
  })
}

test('an Express and a Fastify node share a context, and each can leave under traffic', async (t) => {
  const proxy = await startProxy(t)
  let [express, fastify] = [startApp(t, 'express', proxy), startApp(t, 'fastify', proxy)]
  await untilRegistered(proxy, ['express', 'fastify'], [express, fastify])
  const seen = new Map<string, number>()
  let running = true
  const client = async (): Promise<void> => {
    while (running) {
      const { status, text } = await get(proxy.port, '/shop')
      const key = `${status} ${text}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
  }
  const clients = Promise.all(Array.from({ length: 4 }, client))
  express.process.kill('SIGTERM')
  assert.equal(await express.ended, 'SIGTERM')
  express = startApp(t, 'express', proxy)
  await untilRegistered(proxy, ['express', 'fastify'], [express, fastify])
  fastify.process.kill('SIGTERM')
  assert.equal(await fastify.ended, 'SIGTERM')
  fastify = startApp(t, 'fastify', proxy)
  await untilRegistered(proxy, ['express', 'fastify'], [express, fastify])
  running = false
  await clients
  assert.deepEqual([...seen.keys()].sort(), ['200 express', '200 fastify'])
  t.diagnostic(`${[...seen].map(([what, count]) => `${count} x ${what}`).join(', ')}`)
})

test(
  'a Python server joins by the sidecar, serves, and ends a download before it leaves',
  needsPython,
  async (t) => {
    const proxy = await startProxy(t)
    const [port = 0] = await freePorts(1)
    const folder = mkdtempSync(join(tmpdir(), 'topspin python '))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    // More than the buffers between Python and a client that does not read can take.
    const large = randomBytes(16 * 1024 * 1024)
    writeFileSync(join(folder, 'hello.txt'), 'hello from python\n')
    writeFileSync(join(folder, 'large.bin'), large)
    const python = ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1']
    let sidecar: Child | undefined
    // What fails in between must not leave Python behind: the sidecar ends it.
    t.after(async () => {
      sidecar?.process.kill('SIGTERM')
      await sidecar?.ended
    })
    const flags = ['--target', `http://127.0.0.1:${port}`, '--context', '/', '--route', 'py']
    sidecar = startChild(t, [
      ...[program, 'agent', ...flags, '--proxy', proxy.control, '--'],
      ...[...python, '--directory', folder],
    ])
    await untilServes(proxy, '/hello.txt', sidecar)
    assert.equal((await get(proxy.port, '/hello.txt')).text, 'hello from python\n')
    assert.equal((await get(proxy.port, '/nothing')).status, 404)
    const many = Array.from({ length: 40 }, () => get(proxy.port, '/hello.txt'))
    for (const { status } of await Promise.all(many)) assert.equal(status, 200)

    const download = slowDownload(t, proxy.port, '/large.bin')
    await until('the download has begun', async () => (await inFlight(proxy)) === 1)
    sidecar.process.kill('SIGTERM')
    await until('the node takes nothing new', async () => {
      return (await get(proxy.port, '/hello.txt')).status === 503
    })
    const received = await download.finish()
    assert.ok(
      received.subarray(received.indexOf('\r\n\r\n') + 4).equals(large),
      'not the same bytes',
    )
    // Python dies of the signal that is passed on.
    assert.equal(await sidecar.ended, 128 + 15, sidecar.output())
    assert.equal((await get(proxy.port, '/hello.txt')).status, 404)
    await assert.rejects(get(port))
  },
)

async function startProxy(t: TestContext): Promise<Place> {
  const proxy = await startServe([], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  return { port: Number(new URL(proxy.traffic).port), control: new URL(proxy.control).host }
}

/** By the package's own name, as an application that has it installed does. */
function startApp(t: TestContext, name: string, proxy: Place): Child {
  const environment = {
    TOPSPIN_PROXIES: proxy.control,
    TOPSPIN_CONTEXTS: '/shop',
    TOPSPIN_ROUTE: name,
    TOPSPIN_REPORT_INTERVAL: '1s',
  }
  const args = ['--import', 'topspin/auto', built(`test/fixtures/${name}-shop.js`)]
  return startChild(t, args, environment, root)
}

function untilServes(proxy: Place, path: string, child: Child): Promise<void> {
  const served = async (): Promise<boolean> => (await get(proxy.port, path)).status === 200
  return until(`${path} is served`, served, 20_000, child.output)
}

interface NodeReport {
  readonly route: string
  readonly removal: string
  readonly loadFactor: number | null
  readonly inFlight: number
}

async function nodesAt(proxy: Place): Promise<NodeReport[]> {
  const { text } = await get(Number(proxy.control.split(':')[1]), '/api/status')
  return (JSON.parse(text) as { nodes: NodeReport[] }).nodes
}

async function untilRegistered(
  proxy: Place,
  routes: readonly string[],
  children: readonly Child[],
): Promise<void> {
  await until(
    `${routes} have reported`,
    async () => {
      const nodes = await nodesAt(proxy)
      const there = nodes.filter((node) => node.removal === 'none' && node.loadFactor !== null)
      return routes.every((route) => there.some((node) => node.route === route))
    },
    20_000,
    () => children.map((child) => child.output()),
  )
}

async function inFlight(proxy: Place): Promise<number> {
  return (await nodesAt(proxy)).reduce((sum, node) => sum + node.inFlight, 0)
}

function post(port: number, path: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers },
      (response) => {
        let text = ''
        response.on('data', (part) => {
          text += part
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Asks, and reads nothing until `finish`, which gives everything up to the end of the connection. */
function slowDownload(
  t: TestContext,
  port: number,
  path: string,
): { finish: () => Promise<Buffer> } {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  socket.pause()
  const finish = async (): Promise<Buffer> => {
    const parts: Buffer[] = []
    for await (const part of socket) parts.push(part)
    return Buffer.concat(parts)
  }
  return { finish }
}
