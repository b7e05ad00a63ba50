// Requests about which peers are asked first: they wait, unread, and then go on as if the decision had been there at once.

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Decided } from '../../../src/peer/choice/choice.ts'
import { type PeerServer, startPeerServer } from '../../support/peer-server.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const says =
  (name: string): RequestListener =>
  (req, res) => {
    let length = 0
    req.on('data', (piece: Buffer) => {
      length += piece.length
    })
    req.on('end', () => res.end(`${name} ${req.method} ${req.url} ${length}`))
  }

interface Waiting {
  readonly target: string
  /** The peers have answered. */
  decide(choice: 'here' | 'peer'): void
  isCancelled: boolean
}

/** Peers are asked about every request; the test says when, and what they answer. */
async function asker(
  t: TestContext,
  way: 'bytes' | 'events',
): Promise<{ a: PeerServer; waiting: Waiting[]; next: (target: string) => Promise<Waiting> }> {
  const a = await startPeerServer(t, says('first'), { way })
  const b = await startPeerServer(t, says('second'))
  a.prefers = [{ host: '127.0.0.1', port: b.port }]
  const waiting: Waiting[] = []
  a.choice = ({ target }) => {
    let report = (_: Decided): void => {}
    const one: Waiting = {
      target,
      isCancelled: false,
      decide: (choice) => {
        waiting.splice(waiting.indexOf(one), 1)
        if (choice === 'here') return report({ mode: 'here' })
        // The candidates are those that a choice after a failure has.
        a.choice = undefined
        const again = a.handOver.policy.another(fake, [])
        a.choice = asks
        if (again !== undefined) report({ mode: 'proxy', candidate: again })
      },
    }
    waiting.push(one)
    const onDecided = (decided: (choice: Decided) => void): void => {
      report = decided
    }
    const cancel = (): void => {
      one.isCancelled = true
    }
    return { mode: 'asking', pending: { onDecided, cancel } }
  }
  const asks = a.choice
  const next = async (target: string): Promise<Waiting> => {
    const find = (): Waiting | undefined => waiting.find((one) => one.target === target)
    await until(`${target} waits`, () => find() !== undefined)
    return find()!
  }
  return { a, waiting, next }
}

const fake = {
  ...{ method: 'GET', target: '/', host: 'a', client: '192.0.2.1' },
  ...{ field: () => undefined, hasPassed: () => false },
}

for (const way of ['bytes', 'events'] as const) {
  test(`${way}: requests of one connection wait, and are served here or by the peer as decided`, async (t) => {
    const { a, next } = await asker(t, way)
    const client = await RawClient.connect(t, a.port)
    for (const [index, by] of (['peer', 'here', 'here', 'peer'] as const).entries()) {
      client.send(post(`/${index}`, 'hello'))
      ;(await next(`/${index}`)).decide(by)
      const { body } = (await client.answer())!
      assert.equal(`${body}`, `${by === 'here' ? 'first' : 'second'} POST /${index} 5`)
    }
    const { here, handed } = a.handOver.counts
    assert.deepEqual([here, handed], [2, 2])
  })

  for (const by of ['here', 'peer'] as const) {
    test(`${way}: a body of 1 MB stays unread while its request waits, then arrives whole (${by})`, async (t) => {
      const { a, next } = await asker(t, way)
      const sockets: Socket[] = []
      a.server.on('connection', (socket) => sockets.push(socket))
      const client = await RawClient.connect(t, a.port)
      const length = 1_048_576
      client.send(request('POST', '/', `Content-Length: ${length}`) + 'x'.repeat(length))
      const waiting = await next('/')
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.ok(sockets[0]!.bytesRead < length / 2, `${sockets[0]!.bytesRead} bytes were read`)
      waiting.decide(by)
      const { body } = (await client.answer())!
      assert.equal(`${body}`, `${by === 'here' ? 'first' : 'second'} POST / ${length}`)
    })
  }

  test(`${way}: a pipelined request behind one that waits is decided after it`, async (t) => {
    const { a, next } = await asker(t, way)
    const client = await RawClient.connect(t, a.port)
    client.send(get('/one') + get('/two'))
    ;(await next('/one')).decide('here')
    ;(await next('/two')).decide('peer')
    assert.equal(`${(await client.answer())?.body}`, 'first GET /one 0')
    assert.equal(`${(await client.answer())?.body}`, 'second GET /two 0')
  })

  test(`${way}: a client that leaves while its request waits gets nothing executed`, async (t) => {
    const { a, next } = await asker(t, way)
    let served = 0
    a.server.on('request', () => {
      served++
    })
    const socket = connect(a.port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write(get('/'))
    const waiting = await next('/')
    socket.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    waiting.decide('peer')
    await until('the connection is gone', async () => (await connections(a)) === 0)
    await until('nothing waits', () => a.handOver.underWay.count === 0)
    assert.equal(served, 0)
  })

  test(`${way}: a server that leaves serves what waits itself`, async (t) => {
    const { a, next } = await asker(t, way)
    const client = await RawClient.connect(t, a.port)
    client.send(get('/'))
    const waiting = await next('/')
    assert.equal(a.handOver.underWay.count, 1)
    a.server.closeIdleConnections()
    a.handOver.underWay.abandonAll()
    assert.equal(`${(await client.answer())?.body}`, 'first GET / 0')
    assert.equal(waiting.isCancelled, true)
    assert.equal(a.handOver.underWay.count, 0)
  })

  test(`${way}: an upgrade waits as well, and an error of its socket ends nothing`, async (t) => {
    const { a, next } = await asker(t, way)
    a.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {})
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    })
    const ask = request('GET', '/up', 'Connection: upgrade', 'Upgrade: x')
    const client = await RawClient.connect(t, a.port)
    client.send(ask)
    ;(await next('/up')).decide('here')
    await until('it is upgraded', () => client.text.includes(' 101 '))
    const other = connect(a.port, '127.0.0.1')
    other.write(ask)
    const waiting = await next('/up')
    other.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    waiting.decide('here')
    await new Promise((resolve) => setTimeout(resolve, 20))
  })
}

const connections = (peer: PeerServer): Promise<number> =>
  new Promise((resolve) => peer.server.getConnections((_, count) => resolve(count)))
