// Clients that leave while nothing of the response is on its way: event streams, long polls, uploads that the node does
// not read. The request ends at the node at once, and is never counted as a failure of the node.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { Authority, noOpenssl, type Pair } from '../../support/certificates.ts'
import { type RunningProxy, startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const stream = raw(
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n',
)
const unanswered = raw('')

const ways = {
  'ends its side': (client: RawClient) => void client.socket.end(),
  closes: (client: RawClient) => void client.socket.destroy(),
  resets: (client: RawClient) => client.reset(),
} as const

interface Place {
  readonly open: ReadonlySet<net.Socket>
}

/** Waits until the request has ended at the node, and checks that the node is as good as before. */
async function leftNothing({ live, proxy }: RunningProxy, origin?: Place): Promise<void> {
  const leftAt = performance.now()
  await until('the node has no connection any more', () => (origin?.open.size ?? 0) === 0)
  await until('no request is in flight', () => live(1).inFlight === 0)
  await until('the client is forgotten', () => proxy.connections === 0)
  // Of a timeout of 60 s; loaded machines need a while.
  assert.ok(performance.now() - leftAt < 5_000)
  assert.deepEqual(
    [live(1).failures, live(1).outlier.errors, live(1).health.kind, proxy.counters.cut],
    [0, 0, 'up', 0],
  )
}

async function isUnderWay({ live }: RunningProxy): Promise<void> {
  await until('the request is under way', () => live(1).inFlight === 1)
}

describe('a client that leaves during a quiet response', () => {
  for (const [what, target] of Object.entries({
    'an event stream': stream,
    'a poll': unanswered,
  })) {
    for (const [way, leave] of Object.entries(ways)) {
      test(`${what}: it ${way}`, async (t) => {
        const origin = await startOrigin(t)
        const running = await startProxy(t, [{ port: origin.port }])
        const client = await RawClient.connect(t, running.port)
        client.send(get(target))
        await isUnderWay(running)
        if (target === stream) await until('the stream has begun', () => /data:/.test(client.text))
        leave(client)
        await leftNothing(running, origin)
      })
    }
  }

  test('right behind its request', async (t) => {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, running.port)
    client.socket.end(get(unanswered))
    await until('the proxy has ended it', () => client.closed || client.ended)
    await leftNothing(running, origin)
    assert.equal(client.text, '')
  })

  test('with a request whose body has arrived, and with further requests behind it', async (t) => {
    for (const sent of [post(unanswered, 'body'), get(unanswered) + get('/echo').repeat(3)]) {
      const origin = await startOrigin(t)
      const running = await startProxy(t, [{ port: origin.port }])
      const client = await RawClient.connect(t, running.port)
      client.send(sent)
      await until('the node has the request', () => origin.seen.length === 1)
      client.socket.end()
      await leftNothing(running, origin)
      assert.equal(origin.seen.length, 1)
    }
  })

  test('while its request waits for a usable node', async (t) => {
    const running = await startProxy(t, [{ port: 1, factor: -1 }], { balancer: { waitMs: 60_000 } })
    const client = await RawClient.connect(t, running.port)
    client.send(get('/echo'))
    await sleep(50)
    assert.equal(running.proxy.connections, 1)
    client.socket.end()
    await until('the client is forgotten', () => running.proxy.connections === 0)
  })

  test('while the connection to the node is being established', async (t) => {
    // An address of TEST-NET-1 [RFC 5737], where nothing answers or nothing can be reached.
    const running = await startProxy(t, [{ host: '192.0.2.1', port: 9 }])
    const client = await RawClient.connect(t, running.port)
    client.send(get('/echo'))
    await sleep(20)
    client.socket.end()
    await until('the client is forgotten', () => running.proxy.connections === 0)
    await until('no request is in flight', () => running.live(1).inFlight === 0)
  })

  test('at a node that speaks AJP', async (t) => {
    for (const leave of Object.values(ways)) {
      const origin = await startAjpOrigin(t)
      const running = await startProxy(t, [{ port: origin.port, type: 'ajp' }])
      const client = await RawClient.connect(t, running.port)
      client.send(get('/stall'))
      await until('the node has the request', () => origin.seen.length === 1)
      leave(client)
      await leftNothing(running, origin)
    }
  })

  test('so that draining does not wait for it', async (t) => {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, running.port)
    client.send(get(stream))
    await until('the stream has begun', () => /data:/.test(client.text))
    const drained = running.proxy.drain(60_000)
    client.socket.end()
    const outcome = await Promise.race([drained.then(() => 'drained'), sleep(10_000, 'waited')])
    assert.equal(outcome, 'drained')
  })
})

describe('over TLS', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const own = noOpenssl === false ? authority.issue() : (undefined as unknown as Pair)

  for (const [way, leave] of Object.entries(ways)) {
    test(`a client that ${way} ends its request at once, and the node's connection too`, async (t) => {
      const origin = await startOrigin(t, own)
      const running = await startProxy(t, [{ port: origin.port, type: 'https' }], {
        tls: own,
        nodeTls: { verify: false },
      })
      const client = await RawClient.connect(t, running.port, { rejectUnauthorized: false })
      client.send(get(stream))
      await until('the stream has begun', () => /data:/.test(client.text))
      leave(client)
      await leftNothing(running, origin)
    })
  }
})

describe('a client that is reset while nothing is read from it', () => {
  /** A node on bare sockets that sends `answer` to the first bytes and reads no others. */
  async function startDeaf(t: TestContext, answer = ''): Promise<number> {
    const open = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      open.add(socket)
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(answer)
        socket.pause()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.close()
      for (const socket of open) socket.destroy()
    })
    return (server.address() as AddressInfo).port
  }

  /** The client has sent more than anybody reads. */
  async function isHeldUp({ socket }: RawClient): Promise<void> {
    let before = -1
    await until('nothing more is read from the client', async () => {
      const left = socket.writableLength
      const isSame = left > 0 && left === before
      before = left
      await sleep(200)
      return isSame
    })
  }

  test('within an upload that the node does not read', async (t) => {
    const running = await startProxy(t, [{ port: await startDeaf(t) }])
    const client = await RawClient.connect(t, running.port)
    client.send(request('POST', '/upload', 'Content-Length: 100000000'))
    for (let i = 0; i < 300; i++) client.send(Buffer.alloc(100_000))
    await isHeldUp(client)
    client.reset()
    await leftNothing(running)
  })

  test('with more pipelined requests than are kept', async (t) => {
    const running = await startProxy(t, [{ port: await startDeaf(t) }])
    const client = await RawClient.connect(t, running.port)
    for (let i = 0; i < 300; i++) client.send(get('/echo').repeat(2_000))
    await isHeldUp(client)
    client.reset()
    await leftNothing(running)
  })

  test('within a tunnel that the node does not read', async (t) => {
    const switched = 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
    const running = await startProxy(t, [{ port: await startDeaf(t, switched) }])
    const client = await RawClient.connect(t, running.port)
    client.send(request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo'))
    assert.equal((await client.answer())?.status, 101)
    for (let i = 0; i < 300; i++) client.send(Buffer.alloc(100_000))
    await isHeldUp(client)
    client.reset()
    await leftNothing(running)
  })
})

describe('a client that ends its side and still reads', () => {
  test('gets what was at hand, then sees that its response is incomplete', async (t) => {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, running.port)
    client.socket.pause()
    client.send(get('/big?bytes=30000000'))
    await isUnderWay(running)
    await sleep(300)
    client.socket.end()
    await sleep(100)
    assert.equal(running.live(1).inFlight, 1, 'bytes were left to be sent')
    client.socket.resume()
    assert.equal(await client.answer(), undefined)
    assert.ok(client.bytes.length > 64_000 && client.bytes.length < 30_000_000)
    await leftNothing(running, origin)
  })

  test('sees a reset where an end would look like the end of the response', async (t) => {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, running.port)
    const endless = raw('HTTP/1.0 200 OK\r\n\r\npart')
    client.send(`GET ${endless} HTTP/1.0\r\nHost: a\r\n\r\n`)
    await until('the response has begun', () => client.text.endsWith('part'))
    client.socket.end()
    await client.over()
    assert.equal(client.error?.code ?? client.error?.message, 'ECONNRESET')
    await leftNothing(running, origin)
  })

  describe('with allowHalfOpen', () => {
    async function start(t: TestContext, type: 'http' | 'ajp' = 'http') {
      const origin = type === 'ajp' ? await startAjpOrigin(t) : await startOrigin(t)
      const nodes = [{ port: origin.port, type }]
      const running = await startProxy(t, nodes, { allowHalfOpen: true })
      return { origin, running, client: await RawClient.connect(t, running.port) }
    }

    test('gets all its responses', async (t) => {
      const { client } = await start(t)
      client.socket.end(get('/slow?pieces=4&ms=50') + get('/big?bytes=6000000') + get('/echo'))
      for (const length of [20, 6_000_000, 5]) {
        assert.equal((await client.answer())?.body.length, length)
      }
      await client.over()
      assert.equal(client.error, undefined)
    })

    test('gets the response of a node that speaks AJP', async (t) => {
      const { client } = await start(t, 'ajp')
      client.socket.end(post('/echo', 'body'))
      assert.equal((await client.answer())?.body.toString(), 'body')
    })

    test('has left when its end is within its request', async (t) => {
      const { client, running, origin } = await start(t)
      client.send(`${request('POST', unanswered, 'Content-Length: 9')}abc`)
      await isUnderWay(running)
      client.socket.end()
      await leftNothing(running, origin as Place)
    })

    test('has left when it is reset, at once or later', async (t) => {
      for (const waitMs of [0, 50]) {
        const { client, running, origin } = await start(t)
        client.send(get(unanswered))
        await sleep(waitMs)
        client.reset()
        await until('the request has arrived', () => running.proxy.counters.requests === 1)
        await leftNothing(running, origin as Place)
      }
    })
  })
})
