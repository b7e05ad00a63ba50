// Masses of connections without a request: they never keep a client at another address out, and not for long one at
// their own address.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { heldLimits, httpLimits, tlsLimits } from '../../../src/base/limits.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { clientHello } from '../../support/client-hello.ts'
import { type Given, type RunningProxy, startProxy } from '../../support/cluster-fixture.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const skip = process.platform === 'linux' ? noOpenssl : 'needs further loopback addresses'

async function start(t: TestContext, given: Given = {}): Promise<RunningProxy> {
  const origin = await startOrigin(t)
  return startProxy(t, [{ port: origin.port }], { tls: selfSigned(), ...given })
}

interface Flood {
  readonly port: number
  readonly count: number
  /** Of the connection with this number. */
  readonly addressOf: (index: number) => string
  readonly bytes: Buffer
}

/** Opens connections that send these bytes and open again whenever they are closed. */
function flood(t: TestContext, { port, count, addressOf, bytes }: Flood): Set<net.Socket> {
  const open = new Set<net.Socket>()
  let isOver = false
  const one = (index: number): void => {
    if (isOver) return
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: addressOf(index) })
    open.add(socket)
    socket.on('connect', () => socket.write(bytes))
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      setTimeout(one, 20, index)
    })
  }
  for (let index = 0; index < count; index++) one(index)
  t.after(() => {
    isOver = true
    for (const socket of open) socket.destroy()
  })
  return open
}

/** Status of the response to a request on a new connection, or the code of the error. */
async function ask(port: number, localAddress: string = '127.0.0.1'): Promise<number | string> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    localAddress,
    rejectUnauthorized: false,
  } as tls.ConnectionOptions)
  try {
    socket.write(get('/echo'))
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    return Number(bytes.toString('latin1').split(' ')[1])
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'closed'
  } finally {
    socket.destroy()
  }
}

const count = tlsLimits.handshakesMax + 20
const hello = 'a whole first message'

describe('a client is served beside many connections that', { skip }, () => {
  for (const [what, bytes, addressOf] of [
    ['send one byte, from many addresses', Buffer.from([22]), (at) => `127.0.3.${1 + (at % 200)}`],
    ['send one byte, from one address', Buffer.from([22]), () => '127.0.3.1'],
    [`send ${hello}, from many addresses`, undefined, (at) => `127.0.3.${1 + (at % 200)}`],
    [`send ${hello}, from one address`, undefined, () => '127.0.3.1'],
  ] as const satisfies readonly (readonly [
    string,
    Buffer | undefined,
    (index: number) => string,
  ])[]) {
    test(what, async (t) => {
      const { port, proxy } = await start(t)
      flood(t, { port, count, addressOf, bytes: bytes ?? (await clientHello(t)) })
      await until('they are there', () => proxy.connections >= tlsLimits.handshakesMax)
      for (let i = 0; i < 20; i++) assert.equal(await ask(port), 200)
      const { closedFor } = proxy.counters
      t.diagnostic(JSON.stringify(Object.fromEntries(closedFor)))
      if (bytes === undefined) assert.ok((closedFor.get('handshake_displaced') ?? 0) >= 1)
    })
  }

  test(`send ${hello} from its own address, once these have stalled`, async (t) => {
    const { port, proxy } = await start(t)
    const bytes = await clientHello(t)
    const sockets = Array.from({ length: count }, () => net.connect(port, '127.0.0.1'))
    t.after(() => {
      for (const socket of sockets) socket.destroy()
    })
    for (const socket of sockets) socket.on('error', () => {}).write(bytes)
    await until('they are there', () => proxy.connections >= tlsLimits.handshakesMax)
    const from = performance.now()
    await until('a client is served', async () => (await ask(port)) === 200)
    assert.ok(performance.now() - from < heldLimits.stalledMs + 3_000)
  })
})

describe('without room for more connections', { skip }, () => {
  /** Room for 16 clients. */
  const openFiles = httpLimits.openFilesReserve + 32
  const silent = { count: 40, addressOf: () => '127.0.3.1', bytes: Buffer.alloc(0) }

  test('a client displaces one that has sent nothing, over TLS', async (t) => {
    const { port, proxy } = await start(t, { openFiles })
    flood(t, { ...silent, port })
    await until('there is no room', () => proxy.counters.connectionsRefused > 0)
    for (let i = 0; i < 20; i++) assert.equal(await ask(port), 200)
    assert.ok((proxy.counters.closedFor.get('displaced') ?? 0) >= 1)
  })

  test('a client displaces one that sends a head or a body slowly', async (t) => {
    for (const bytes of [
      'GET / HTTP/1.1\r\n',
      'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9',
    ]) {
      const origin = await startOrigin(t)
      const { port, proxy } = await startProxy(t, [{ port: origin.port }], { openFiles })
      const head = bytes.startsWith('POST') ? `${bytes}\r\n\r\nx` : bytes
      flood(t, { ...silent, port, bytes: Buffer.from(head) })
      await until('there is no room', () => proxy.counters.connectionsRefused > 0)
      for (let i = 0; i < 20; i++) {
        const client = await RawClient.connect(t, port)
        assert.equal((await client.ask(get('/echo'))).status, 200)
        client.socket.destroy()
      }
    }
  })

  test('no request under way is cut, and idle connections are', async (t) => {
    const origin = await startOrigin(t)
    const { port, proxy } = await startProxy(t, [{ port: origin.port }], { openFiles })
    const all = await Promise.all(Array.from({ length: 16 }, () => RawClient.connect(t, port)))
    const [busy, ...others] = all
    busy?.send(get('/slow?pieces=9&ms=300'))
    for (const client of others) assert.equal((await client.ask(get('/echo'))).status, 200)
    const next = await RawClient.connect(t, port)
    await until(
      'it is closed, because all others were busy lately',
      () => next.ended || next.closed,
    )
    await new Promise((resolve) => setTimeout(resolve, heldLimits.stalledMs + 100))
    for (let i = 0; i < others.length; i++) {
      const client = await RawClient.connect(t, port)
      assert.equal((await client.ask(get('/echo'))).status, 200)
    }
    assert.equal(proxy.counters.closedFor.get('idle'), others.length)
    assert.equal((await busy?.answer())?.status, 200)
  })
})
