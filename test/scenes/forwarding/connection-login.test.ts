// Log-ins that belong to a connection (NTLM, Negotiate): no client is served as the user of another.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { httpLimits } from '../../../src/base/limits.ts'
import { makeTraffic } from '../../../src/forward/index.ts'
import { Target } from '../../../src/peer/front/target.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { type PeerServer, startPeerServer } from '../../support/peer-server.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

interface LoggedIn extends Socket {
  user?: string
  challenge?: string
}

/** Two steps: `SCHEME 1` gets a challenge, `SCHEME 3:USER:CHALLENGE` logs the connection in. */
function login(scheme: string) {
  let challenges = 0
  return (
    ...[request, response]: Parameters<Parameters<typeof createServer>[1] & object>
  ): void => {
    const socket = request.socket as LoggedIn
    const [, step = '', user, answer] =
      /^\S+ (\d)(?::([^:]*):(.*))?$/.exec(request.headers.authorization ?? '') ?? []
    if (step === '1') socket.challenge = `c${++challenges}`
    if (step === '3' && answer === socket.challenge) socket.user = user ?? ''
    if (socket.user !== undefined) return void response.end(socket.user)
    const challenge = step === '1' ? `${scheme} ${socket.challenge}` : scheme
    response.writeHead(401, { 'WWW-Authenticate': ['Basic realm="a"', challenge] }).end('who?')
  }
}

interface Origin {
  readonly port: number
  readonly open: Set<Socket>
}

async function startOrigin(
  t: TestContext,
  scheme = 'NTLM',
  server = createServer({ keepAliveTimeout: 60_000 }),
): Promise<Origin> {
  const open = new Set<Socket>()
  server.on('request', login(scheme))
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, open }
}

/** The body of the response: the user, or `who?`. */
async function ask(client: RawClient, ...fields: string[]): Promise<string> {
  return (await client.ask(get('/', ...fields))).body.toString()
}

async function logIn(client: RawClient, user: string, scheme = 'NTLM'): Promise<string> {
  const answer = await client.ask(get('/', `Authorization: ${scheme} 1`))
  const challenge = /c\d+/.exec(answer.get('www-authenticate') ?? '')?.[0]
  return ask(client, `Authorization: ${scheme} 3:${user}:${challenge}`)
}

for (const scheme of ['NTLM', 'Negotiate', 'negotiate']) {
  test(`a log-in by ${scheme} serves its own client and no other`, async (t) => {
    const origin = await startOrigin(t, scheme)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const alice = await RawClient.connect(t, port)
    const bob = await RawClient.connect(t, port)
    assert.equal(await logIn(alice, 'alice', scheme), 'alice')
    assert.equal(await ask(bob), 'who?')
    for (let i = 0; i < 3; i++) assert.equal(await ask(alice), 'alice')
    assert.equal(await logIn(bob, 'bob', scheme), 'bob')
    assert.deepEqual([await ask(alice), await ask(bob)], ['alice', 'bob'])
  })
}

test('a request whose body follows its head goes to the node of the log-in', async (t) => {
  const origins = [await startOrigin(t), await startOrigin(t), await startOrigin(t)]
  const { port } = await startProxy(t, origins, { candidacy: ['usable', 'byRandom'] })
  const alice = await RawClient.connect(t, port)
  assert.equal(await logIn(alice, 'alice'), 'alice')
  for (let i = 0; i < 12; i++) {
    alice.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n')
    await new Promise((resolve) => setImmediate(resolve))
    alice.send('body')
    assert.equal((await alice.answer())?.body.toString(), 'alice')
  }
})

test('log-ins of several clients may be interleaved, over several nodes', async (t) => {
  const origins = [await startOrigin(t), await startOrigin(t), await startOrigin(t)]
  const { port } = await startProxy(t, origins, { candidacy: ['usable', 'byRandom'] })
  const users = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => ({
      name: `user${index}`,
      client: await RawClient.connect(t, port),
    })),
  )
  const asked = await Promise.all(users.map(({ name, client }) => logIn(client, name)))
  assert.deepEqual(
    asked,
    users.map(({ name }) => name),
  )
  for (let i = 0; i < 5; i++) {
    for (const { name, client } of users) assert.equal(await ask(client), name)
  }
  const stranger = await RawClient.connect(t, port)
  for (let i = 0; i < 10; i++) assert.equal(await ask(stranger), 'who?')
})

test('a one-step log-in, whose response is not a challenge, binds the connection too', async (t) => {
  const origin = await startOrigin(t, 'Negotiate')
  const { port } = await startProxy(t, [{ port: origin.port }])
  const alice = await RawClient.connect(t, port)
  // As Kerberos: no challenge came before.
  assert.equal(await ask(alice, 'Authorization: Negotiate 3:alice:undefined'), 'who?')
  const bob = await RawClient.connect(t, port)
  await ask(bob)
  assert.equal(origin.open.size, 2)
})

test('the connection to the node ends with that of the client', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const alice = await RawClient.connect(t, port)
    assert.equal(await logIn(alice, 'alice'), 'alice')
    alice.socket[leave]()
    await until('the node has no connection', () => origin.open.size === 0)
  }
})

test('a client whose connection the node has closed logs in again', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const alice = await RawClient.connect(t, port)
  await logIn(alice, 'alice')
  for (const socket of origin.open) socket.destroy()
  assert.equal(await ask(alice), 'who?')
  assert.equal(await logIn(alice, 'alice'), 'alice')
  assert.equal(await ask(alice), 'alice')
})

test('other clients find room when bound connections use all that there is', async (t) => {
  const [a, b] = [await startOrigin(t), await startOrigin(t)]
  const nodes = [
    { port: a.port, contexts: [contextOf('/a')] },
    { port: b.port, contexts: [contextOf('/b')] },
  ]
  // 50 clients and 50 connections to nodes.
  const { port, proxy } = await startProxy(t, nodes, {
    openFiles: 100 + httpLimits.openFilesReserve,
  })
  const begins = 'Authorization: NTLM 1'
  for (let i = 0; i < 30; i++) {
    const client = await RawClient.connect(t, port)
    for (const path of ['/a', '/b']) {
      assert.equal((await client.ask(get(path, begins))).status, 401)
    }
  }
  const stranger = await RawClient.connect(t, port)
  for (const path of ['/a', '/b']) assert.equal((await stranger.ask(get(path))).status, 401)
  assert.equal(proxy.counters.shortages, 0)
  assert.ok(a.open.size + b.open.size <= 50)
})

test('over TLS on both sides', { skip: noOpenssl }, async (t) => {
  const pair = new Authority().issue()
  const origin = await startOrigin(t, 'NTLM', createHttps(pair))
  const { port } = await startProxy(t, [{ port: origin.port, type: 'https' }], {
    tls: pair,
    nodeTls: { verify: false },
  })
  const alice = await RawClient.connect(t, port, { rejectUnauthorized: false })
  const bob = await RawClient.connect(t, port, { rejectUnauthorized: false })
  assert.equal(await logIn(alice, 'alice'), 'alice')
  assert.equal(await ask(bob), 'who?')
  assert.equal(await ask(alice), 'alice')
})

describe('between peers', () => {
  test('a target behind a peer sees the log-in of each client on a connection of its own', async (t) => {
    const origin = await startOrigin(t)
    const traffic = makeTraffic({})
    const target = new Target(traffic, '127.0.0.1', origin.port)
    const front = createServer((request, response) => target.request(request, response))
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    t.after(() => {
      traffic.pools.close()
      front.closeAllConnections()
      front.close()
    })
    const { port } = front.address() as AddressInfo
    const alice = await RawClient.connect(t, port)
    const bob = await RawClient.connect(t, port)
    assert.equal(await logIn(alice, 'alice'), 'alice')
    assert.equal(await ask(bob), 'who?')
    assert.deepEqual([await ask(alice), await ask(bob)], ['alice', 'who?'])
    alice.socket.destroy()
    bob.socket.destroy()
    await until('the target has no connection', () => origin.open.size === 0)
  })

  for (const way of ['bytes', 'events'] as const) {
    test(`a client that logs in is served where it is connected (${way})`, async (t) => {
      const a: PeerServer = await startPeerServer(t, login('NTLM'), { way })
      const b = await startPeerServer(t, login('NTLM'), { way })
      a.prefers = [{ host: '127.0.0.1', port: b.port }]
      const alice = await RawClient.connect(t, a.port)
      const bob = await RawClient.connect(t, a.port)
      assert.equal(await ask(alice), 'who?')
      assert.equal(a.handOver.counts.handed, 1)
      assert.equal(await logIn(alice, 'alice'), 'alice')
      assert.equal(await ask(bob), 'who?')
      for (let i = 0; i < 3; i++) assert.equal(await ask(alice), 'alice')
      assert.equal(await ask(bob), 'who?')
    })
  }
})
