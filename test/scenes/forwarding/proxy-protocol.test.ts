// Listeners for proxies in front that send PROXY headers: the client is the one that the header names, in all that the
// proxy says and limits, and connections without a valid header from a listed address are closed.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import type { AccessEntry } from '../../../src/proxy/index.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { ends4, headerV2, tcp4V2, value } from '../../support/proxy-headers.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

const line = 'PROXY TCP4 192.0.2.1 198.51.100.2 4000 443\r\n'

async function start(t: TestContext, given: Given = {}) {
  const origin = await startOrigin(t)
  const log = memoryLog()
  const entries: AccessEntry[] = []
  const at = { proxyProtocol: ['127.0.0.0/8'], ...given.at }
  const running = await startProxy(t, [{ port: origin.port }], {
    log,
    accessLog: (entry) => entries.push({ ...entry }),
    ...given,
    at,
  })
  const connect = (): Promise<RawClient> => RawClient.connect(t, running.port)
  return { ...running, origin, log, entries, connect }
}

for (const [version, header] of [
  ['1', Buffer.from(line)],
  ['2', tcp4V2],
] as const) {
  test(`a header of version ${version} names the client to nodes and in the access log`, async (t) => {
    const { connect, origin, entries } = await start(t)
    const client = await connect()
    client.send(header)
    for (let i = 0; i < 3; i++) assert.equal((await client.ask(get('/echo'))).status, 200)
    for (const seen of origin.seen) {
      assert.equal(seen.get('x-forwarded-for'), '192.0.2.1')
      assert.equal(seen.get('forwarded'), 'for=192.0.2.1;proto=http;host="app.test"')
    }
    await until('the lines are there', () => entries.length === 3)
    assert.deepEqual(new Set(entries.map((entry) => entry.client)), new Set(['192.0.2.1']))
  })

  test(`a header of version ${version} may arrive byte by byte, and with requests behind it`, async (t) => {
    const { connect, origin } = await start(t)
    const slow = await connect()
    for (const byte of header) {
      slow.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await slow.ask(get('/echo?1'))).status, 200)
    const quick = await connect()
    const body = 'x'.repeat(300_000)
    quick.send(Buffer.concat([header, Buffer.from(get('/echo?2') + post('/echo', body))]))
    assert.equal((await quick.answer())?.body.toString(), '/echo?2')
    assert.equal((await quick.answer())?.body.toString(), body)
    assert.equal(origin.seen.length, 3)
  })
}

test('the address of the client decides whether its own claims are believed', async (t) => {
  const { connect, origin } = await start(t, { trust: ['127.0.0.0/8', '203.0.113.0/24'] })
  const claim = get('/echo', 'X-Forwarded-For: 10.9.9.9')
  const stranger = await connect()
  await stranger.ask(line + claim)
  const proxy = await connect()
  await proxy.ask(`PROXY TCP4 203.0.113.7 198.51.100.2 1 2\r\n${claim}`)
  const own = await connect()
  own.send(headerV2(0x20, 0x00, Buffer.alloc(0)))
  await own.ask(claim)
  const unknown = await connect()
  await unknown.ask(`PROXY UNKNOWN\r\n${claim}`)
  assert.deepEqual(
    origin.seen.map((seen) => seen.get('x-forwarded-for')),
    // UNKNOWN is a client of the proxy, of which nothing is known, and so not believed.
    ['192.0.2.1', '10.9.9.9, 203.0.113.7', '10.9.9.9, 127.0.0.1', '127.0.0.1'],
  )
})

test('a client that used TLS towards the proxy in front is one of https', async (t) => {
  const { connect, origin } = await start(t)
  const client = await connect()
  const ssl = value(0x20, Buffer.from([1, 0, 0, 0, 0]))
  client.send(headerV2(0x21, 0x11, Buffer.concat([ends4, ssl])))
  await client.ask(get('/echo'))
  assert.equal(origin.seen[0]?.get('x-forwarded-proto'), 'https')
})

test('IPv6 clients are shown as such, and IPv4 ones in IPv6 form as IPv4', async (t) => {
  const { connect, origin } = await start(t)
  const client = await connect()
  await client.ask(`PROXY TCP6 2001:DB8::1 2001:db8::2 1 2\r\n${get('/echo')}`)
  const mapped = await connect()
  await mapped.ask(`PROXY TCP6 ::ffff:192.0.2.9 ::ffff:192.0.2.8 1 2\r\n${get('/echo')}`)
  const [six, four] = origin.seen
  assert.equal(six?.get('x-forwarded-for'), '2001:db8::1')
  assert.equal(six?.get('forwarded'), 'for="[2001:db8::1]";proto=http;host="app.test"')
  assert.equal(four?.get('x-forwarded-for'), '192.0.2.9')
})

test('a request without Host goes to the address that the client connected to', async (t) => {
  const { connect, origin } = await start(t)
  const client = await connect()
  client.send(`${line}GET /echo HTTP/1.0\r\n\r\n`)
  await client.over()
  assert.equal(origin.seen[0]?.get('host'), '198.51.100.2:443')
})

test('connections without a valid header are closed, counted and logged', async (t) => {
  const { connect, origin, proxy, log } = await start(t)
  const invalid = [
    get('/echo'),
    'PROXY TCP4 x\r\n',
    `${line.replace('\r\n', '\n')}${get('/echo')}`,
    headerV2(0x21, 0x11, Buffer.alloc(3)),
    `PROXY ${'x'.repeat(200)}`,
  ]
  for (const bytes of invalid) {
    const client = await connect()
    client.send(bytes)
    await client.over()
    assert.equal(client.text, '')
  }
  assert.equal(origin.seen.length, 0)
  assert.equal(proxy.counters.closedFor.get('proxy_header'), invalid.length)
  assert.equal(proxy.connections, 0)
  assert.equal(log.messages.filter((text) => text === 'proxied connection refused').length, 5)
})

test('connections from other addresses are closed at once, with or without a header', async (t) => {
  const { port, origin, proxy } = await start(t, { at: { proxyProtocol: ['192.0.2.0/24'] } })
  const client = net.connect({ port, host: '127.0.0.1' })
  client.write(line + get('/echo'))
  await assert.rejects(once(client, 'close'), { code: 'ECONNRESET' })
  assert.equal(origin.seen.length, 0)
  assert.equal(proxy.counters.closedFor.get('proxy_address'), 1)
  assert.equal(proxy.connections, 0)
})

test('a header has to arrive within the deadline of a head', async (t) => {
  const { connect, proxy } = await start(t, { timeouts: { headMs: 300 } })
  const [silent, slow] = [await connect(), await connect()]
  slow.send('PROXY TCP4 ')
  await Promise.all([silent.over(), slow.over()])
  assert.equal(proxy.counters.closedFor.get('proxy_header'), 2)
  assert.equal(proxy.connections, 0)
})

test('a connection that closes before its first byte is no matter for the log', async (t) => {
  const { connect, proxy, log } = await start(t)
  const client = await connect()
  await until('it is accepted', () => proxy.connections === 1)
  client.socket.end()
  await client.over()
  await until('it is closed', () => proxy.connections === 0)
  assert.deepEqual(log.messages, [])
})

test('the limits by address are those of the clients behind the proxy', async (t) => {
  const { connect, proxy } = await start(t, { connectionsMax: 6 })
  const half = 'POST /echo HTTP/1.1\r\nHost: app.test\r\nContent-Length: 9\r\n\r\n'
  const greedy: RawClient[] = []
  for (let i = 0; i < 6; i++) {
    const client = await connect()
    client.send(line + half)
    greedy.push(client)
  }
  await until('all have begun', () => proxy.counters.requests === 6)
  // Another client behind the same proxy takes the place of one of the six.
  const other = await connect()
  const answer = await other.ask(`PROXY TCP4 192.0.2.77 198.51.100.2 1 2\r\n${get('/echo')}`)
  assert.equal(answer.status, 200)
  await until('one is closed', () => greedy.some(({ closed, ended }) => closed || ended))
  assert.equal(greedy.filter(({ closed, ended }) => closed || ended).length, 1)
})

test('draining closes connections without a header, and lets requests end', async (t) => {
  const { connect, proxy, origin } = await start(t)
  const silent = await connect()
  const busy = await connect()
  busy.send(line + get('/slow?pieces=3&ms=50'))
  await until('the request is at the node', () => origin.seen.length === 1)
  const drained = proxy.drain(5_000)
  await silent.over()
  assert.equal((await busy.answer())?.status, 200)
  await drained
  assert.equal(proxy.connections, 0)
})

test('upgrades and half-closed clients work behind a header', async (t) => {
  const { connect } = await start(t, { allowHalfOpen: true })
  const tunnel = await connect()
  tunnel.send(line + request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo'))
  assert.equal((await tunnel.answer())?.status, 101)
  tunnel.send('hello')
  await until('the echo is there', () => tunnel.text.endsWith('hello'))
  const half = await connect()
  half.socket.end(line + get('/echo'))
  assert.equal((await half.answer())?.status, 200)
})

test('the header comes before TLS', { skip: noOpenssl }, async (t) => {
  const authority = new Authority()
  const { port, origin, proxy } = await start(t, { tls: authority.issue() })
  for (const isSplit of [false, true]) {
    const raw = net.connect({ port, host: '127.0.0.1' })
    t.after(() => raw.destroy())
    await once(raw, 'connect')
    if (isSplit) {
      raw.write(tcp4V2.subarray(0, 20))
      await new Promise((resolve) => setTimeout(resolve, 20))
      raw.write(tcp4V2.subarray(20))
    } else raw.write(tcp4V2)
    const secure = tls.connect({ socket: raw, ca: authority.cert, servername: 'localhost' })
    await once(secure, 'secureConnect')
    secure.write(get('/echo'))
    const [bytes] = (await once(secure, 'data')) as [Buffer]
    assert.match(bytes.toString(), /^HTTP\/1\.1 200/)
    secure.destroy()
  }
  for (const seen of origin.seen) {
    assert.equal(seen.get('x-forwarded-for'), '192.0.2.1')
    assert.equal(seen.get('x-forwarded-proto'), 'https')
  }
  // Without a header the handshake is closed.
  const bare = tls.connect({ port, host: '127.0.0.1', ca: authority.cert })
  await once(bare, 'error')
  assert.equal(proxy.counters.closedFor.get('proxy_header'), 1)
})

test('proxies on a unix socket may send headers, too', async (t) => {
  const path = join(socketFolder(t), 'a.sock')
  const at = { host: `unix:${path}`, proxyProtocol: ['unix'] }
  const { origin, entries } = await start(t, { at, trust: ['unix'] })
  const ask = async (bytes: string): Promise<string> => {
    const socket = net.connect({ path })
    t.after(() => socket.destroy())
    socket.write(bytes)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString()
  }
  const claim = get('/echo', 'X-Forwarded-For: 10.9.9.9')
  assert.match(await ask(line + claim), /^HTTP\/1\.1 200/)
  const local = headerV2(0x20, 0x00, Buffer.alloc(0)).toString('latin1')
  assert.match(await ask(local + claim), /^HTTP\/1\.1 200/)
  assert.deepEqual(
    origin.seen.map((seen) => seen.get('x-forwarded-for')),
    ['192.0.2.1', '10.9.9.9, unknown'],
  )
  await until('the lines are there', () => entries.length === 2)
  assert.deepEqual(
    entries.map((entry) => entry.client),
    ['192.0.2.1', '10.9.9.9'],
  )
})
