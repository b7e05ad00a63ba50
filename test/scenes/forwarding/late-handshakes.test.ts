// Nodes that accept connections and are late with their part of the handshake, as servers with one thread are while they work:
// they are busy, and not down.

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const timeouts = { connectMs: 200 }

interface BusyNode {
  readonly port: number
  /** Connections that it has accepted. */
  readonly accepted: () => number
  /** The handshakes begin. */
  readonly work: () => void
}

/** Accepts for a server, and passes nothing on before it works. */
async function busyNode(t: TestContext, server: net.Server): Promise<BusyNode> {
  const behind = await listening(t, server)
  const waiting: net.Socket[] = []
  let [isBusy, accepted] = [true, 0]
  const serve = (socket: net.Socket): void => {
    const relay = net.connect(behind, '127.0.0.1').on('error', () => {})
    socket.pipe(relay).pipe(socket)
    t.after(() => relay.destroy())
  }
  const front = net.createServer((socket) => {
    accepted++
    socket.on('error', () => {})
    t.after(() => socket.destroy())
    if (isBusy) waiting.push(socket)
    else serve(socket)
  })
  const port = await listening(t, front)
  const work = (): void => {
    isBusy = false
    for (const socket of waiting) serve(socket)
  }
  return { port, accepted: () => accepted, work }
}

async function listening(t: TestContext, server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const listener: RequestListener = (_, response) => void response.end('late')

const kinds: Readonly<Record<string, () => net.Server>> = {
  https: () => createHttps(new Authority().issue(), listener),
  h2c: () => createHttp2((_, response) => void response.end('late')),
}

for (const [type, make] of Object.entries(kinds))
  test(`a busy node of type ${type} is waited for, and is not down`, {
    skip: type === 'https' && noOpenssl,
  }, async (t) => {
    const node = await busyNode(t, make())
    const given = { timeouts, nodeTls: { verify: false } }
    const running = await startProxy(t, [{ port: node.port, type }], given)
    const client = await RawClient.connect(t, running.port)
    const began = performance.now()
    const answered = client.ask(get('/'))
    await until('the time to connect has passed twice', () => performance.now() - began > 500)
    assert.notEqual(running.live(1).health.kind, 'down')
    node.work()
    const { status, body } = await answered
    assert.deepEqual([status, body.toString()], [200, 'late'])
    assert.equal(node.accepted(), 1)
    assert.notEqual(running.live(1).health.kind, 'down')
  })

test('beside another node, it gets no request for longer than the time to connect', async (t) => {
  const busy = await busyNode(
    t,
    createHttp2((_, response) => void response.end('late')),
  )
  const other = await busyNode(
    t,
    createHttp2((_, response) => void response.end('late')),
  )
  other.work()
  const nodes = [
    { port: busy.port, type: 'h2c' },
    { port: other.port, type: 'h2c' },
  ]
  const running = await startProxy(t, nodes, { timeouts })
  const client = await RawClient.connect(t, running.port)
  for (let i = 0; i < 4; i++) assert.equal((await client.ask(get('/'))).status, 200)
  assert.ok(busy.accepted() > 0)
  assert.notEqual(running.live(1).health.kind, 'down')
})
