// Access to the control listener over real sockets: addresses, the secret, web pages, limits by source, and the
// addresses of nodes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type RequestOptions, request } from 'node:http'
import { connect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { joinCluster } from '../../../src/agent/index.ts'
import { Authority, noOpenssl, selfSigned } from '../../support/certificates.ts'
import {
  type ControlBench,
  type ControlBenchOptions,
  controlBench,
} from '../../support/control-bench.ts'
import {
  exchange,
  parseResponses,
  type RawResponse,
  sendMessage,
} from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const secret = 'open-sesame'
const config = 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http'

async function start(t: TestContext, options: ControlBenchOptions): Promise<ControlBench> {
  const bench = await controlBench(options)
  t.after(() => bench.control.close())
  return bench
}

async function sendHead(port: number, head: string, body = ''): Promise<RawResponse> {
  const text = `${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const [response] = parseResponses(await exchange(port, [text]))
  assert.ok(response !== undefined)
  return response
}

test('a connection from an address outside the list is closed without a byte, one from a listed address is served', {
  skip: process.platform === 'linux' ? false : 'needs a second loopback address',
}, async (t) => {
  const { port, registry } = await start(t, { access: { allow: ['127.0.0.2'] } })
  const body = `CONFIG / HTTP/1.1\r\nContent-Length: ${config.length}\r\n\r\n${config}`
  assert.equal(await exchange(port, [body], { halfClose: false }), '')
  assert.equal(registry.snapshot.version, 0)
  const options: RequestOptions = { port, localAddress: '127.0.0.2', path: '/readyz' }
  const status = await new Promise((resolve, reject) => {
    request(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  assert.equal(status, 200)
})

test('without the secret a message is refused with MEM, so that a Java node keeps trying', async (t) => {
  const { port, registry } = await start(t, { access: { secret } })
  for (const shown of [
    '',
    'Authorization: Bearer open-sesam\r\n',
    'Authorization: Basic eDp5\r\n',
  ]) {
    const refused = await sendHead(port, `CONFIG / HTTP/1.1\r\nHost: x\r\n${shown}`, config)
    assert.equal(refused.status, 'HTTP/1.1 500 Internal Server Error')
    assert.equal(refused.fields.get('type'), 'MEM')
    assert.equal(refused.fields.get('mess'), 'MEM: The secret of this proxy is missing or wrong')
    assert.equal(refused.fields.get('connection'), 'close')
  }
  for (const method of ['PING', 'INFO', 'DUMP', 'VERSION', 'STATUS', 'REMOVE-APP'])
    assert.equal((await sendMessage(port, method, '')).fields.get('type'), 'MEM', method)
  assert.equal(registry.snapshot.version, 0)
})

test('with the secret messages and pages are accepted, as Bearer or Basic', async (t) => {
  const { port, registry } = await start(t, { access: { secret } })
  const password = Buffer.from(`admin:${secret}`).toString('base64')
  await sendHead(port, `CONFIG / HTTP/1.1\r\nAuthorization: Bearer ${secret}\r\n`, config)
  assert.equal(registry.snapshot.nodes.size, 1)
  const page = await sendHead(
    port,
    `GET /api/status HTTP/1.1\r\nAuthorization: Basic ${password}\r\n`,
  )
  assert.equal(page.status, 'HTTP/1.1 200 OK')
})

test('pages require the secret, except the health checks', async (t) => {
  const { port } = await start(t, { access: { secret } })
  for (const path of ['/api/status', '/metrics', '/', '/nowhere']) {
    const page = await sendHead(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n`)
    assert.equal(page.status, 'HTTP/1.1 401 Unauthorized', path)
    assert.equal(page.fields.get('www-authenticate'), 'Basic realm="Topspin"')
  }
  for (const path of ['/livez', '/readyz?verbose'])
    assert.equal(
      (await sendHead(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n`)).status,
      'HTTP/1.1 200 OK',
    )
})

test('an agent with the secret registers, one without it keeps trying', async (t) => {
  const { port, registry, up } = await start(t, { access: { secret } })
  const { server, port: at } = await startNode(t)
  up.add(at)
  const options = { proxies: [`127.0.0.1:${port}`], reportIntervalMs: 100 }
  const outsider = await joinCluster(server, { ...options, route: 'outsider' })
  t.after(() => outsider.close())
  const tried = (): number => {
    const state = outsider.status[0]?.state
    return state?.kind === 'discover' ? state.failures : 0
  }
  await until('it has tried twice', () => tried() >= 2)
  assert.equal(registry.snapshot.nodes.size, 0)
  const other = await startNode(t)
  up.add(other.port)
  const agent = await joinCluster(other.server, { ...options, route: 'friend', secret })
  t.after(() => agent.close())
  assert.deepEqual(
    [...registry.snapshot.nodes.values()].map((node) => node.route),
    ['friend'],
  )
})

test('a web page cannot send messages', async (t) => {
  const { port, registry } = await start(t, {})
  const from = 'Host: localhost\r\nOrigin: http://localhost\r\n'
  const refused = await sendHead(port, `CONFIG / HTTP/1.1\r\n${from}`, config)
  assert.equal(refused.fields.get('mess'), 'MEM: Web pages from elsewhere have no say here')
  assert.equal(registry.snapshot.version, 0)
})

test('a node cannot register an address where clouds serve credentials, and nothing is sent there', async (t) => {
  const { port, registry, asked } = await start(t, {})
  const refused = await sendMessage(
    port,
    'CONFIG',
    'JVMRoute=a&Host=169.254.169.254&Port=80&Type=http',
  )
  assert.equal(refused.fields.get('type'), 'MEM')
  assert.equal(refused.fields.get('mess'), 'MEM: Address of node with "a" JVMRoute is not allowed')
  const ping = await sendMessage(port, 'PING', 'Scheme=http&Host=169.254.169.254&Port=80')
  assert.match(ping.body, /State=NOTOK/)
  assert.equal(registry.snapshot.version, 0)
  assert.deepEqual(asked, [])
})

test('with a list only listed addresses can be registered; localhost and wildcards are resolved first', async (t) => {
  const { port, registry } = await start(t, { access: { nodes: ['127.0.0.1', 'localhost'] } })
  const status = async (host: string, at: number) =>
    (await sendMessage(port, 'CONFIG', `JVMRoute=n${at}&Host=${host}&Port=${at}&Type=http`)).status
  assert.match(await status('127.0.0.1', 1), / 200 /)
  assert.match(await status('localhost', 2), / 200 /)
  assert.match(await status('0.0.0.0', 3), / 200 /)
  assert.match(await status('10.0.0.1', 4), / 500 /)
  assert.equal(registry.snapshot.nodes.size, 3)
})

test('the messages in progress and the connections of one address are limited', async (t) => {
  const { port } = await start(t, {
    limits: { sourceMessagesMax: 1, sourceConnectionsMax: 2, transferMs: 500 },
    watch: { probe: () => new Promise(() => {}) },
  })
  await sendMessage(port, 'CONFIG', config)
  const stuck = connect(port, '127.0.0.1')
  t.after(() => stuck.destroy())
  stuck.write('STATUS / HTTP/1.1\r\nContent-Length: 10\r\n\r\nJVMRoute=a')
  const answer = async (): Promise<RawResponse | undefined> =>
    parseResponses(await exchange(port, ['PING / HTTP/1.1\r\n\r\n']))[0]
  await until(
    'the other message is at work',
    async () => (await answer())?.fields.has('mess') === true,
  )
  const refused = await answer()
  assert.equal(refused?.fields.get('type'), 'MEM')
  assert.match(refused?.fields.get('mess') ?? '', /Too many messages at a time/)
  const second = connect(port, '127.0.0.1')
  t.after(() => second.destroy())
  await until('a third connection is closed', async () => (await answer()) === undefined)
})

test('pages answer under the names of this listener alone, on every address', async (t) => {
  const { port } = await start(t, { access: { names: ['proxy.example'] } })
  const statusOf = async (path: string, host: string): Promise<string> =>
    (await sendHead(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`)).status.slice(9, 12)
  for (const path of ['/', '/mod_cluster-manager', '/metrics', '/api/status']) {
    assert.equal(await statusOf(path, `evil.example:${port}`), '403', path)
    for (const host of ['127.0.0.1', 'localhost', `proxy.example:${port}`, 'topspin'])
      assert.equal(await statusOf(path, host), '200', `${path} of ${host}`)
  }
  for (const path of ['/livez', '/readyz'])
    assert.equal(await statusOf(path, 'any.example'), '200', path)
})

describe('without room for more connections, beside silent ones of another address,', {
  skip: process.platform === 'linux' ? false : 'needs a second loopback address',
}, () => {
  for (const [what, first, tls] of [
    ['a message is answered', '', false],
    ['a message is answered while heads are incomplete', 'PING / HT', false],
    ['a message is answered over TLS', '', true],
  ] as const) {
    test(what, { skip: tls ? noOpenssl : false }, async (t) => {
      const counts = 20
      const { port } = await start(t, {
        limits: { connectionsMax: counts },
        ...(tls ? { tls: selfSigned() } : {}),
      })
      const silent = Array.from({ length: 2 * counts }, () => {
        const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
        t.after(() => socket.destroy())
        return socket.on('error', () => {})
      })
      for (const socket of silent) socket.write(first)
      await until('some were closed', () => silent.some((socket) => socket.destroyed))
      for (let i = 0; i < 10; i++) {
        const client = tls
          ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
          : connect(port, '127.0.0.1')
        client.write('PING / HTTP/1.1\r\n\r\n')
        const [bytes] = (await once(client, 'data')) as [Buffer]
        assert.match(bytes.toString('latin1'), /^HTTP\/1\.1 200 /)
        client.destroy()
      }
    })
  }
})

describe('tokens', () => {
  const tokens = [
    { name: 'grafana', role: 'reader', token: 'reader-token' },
    { name: 'ci', role: 'operator', token: 'operator-token' },
    { name: 'alice', role: 'operator', certificate: 'alice' },
  ] as const
  const act = '{"action":"disable","node":"a"}'

  test('a reader sees everything and changes nothing; an operator acts under the name of the token', async (t) => {
    const { port, registry } = await start(t, { access: { secret, tokens } })
    const as = (token: string): string => `Host: x\r\nAuthorization: Bearer ${token}\r\n`
    await sendHead(port, `CONFIG / HTTP/1.1\r\n${as(secret)}`, config)
    assert.equal(registry.snapshot.nodes.size, 1)
    const read = async (token: string, path: string) =>
      (await sendHead(port, `GET ${path} HTTP/1.1\r\n${as(token)}`)).status
    const post = (token: string, path: string) =>
      sendHead(port, `POST ${path} HTTP/1.1\r\n${as(token)}Content-Type: application/json\r\n`, act)
    assert.match(await read('reader-token', '/api/v1/nodes'), / 200 /)
    assert.match(await read('reader-token', '/metrics'), / 200 /)
    assert.match(await read('reader-token', '/mod_cluster-manager'), / 200 /)
    assert.match(await read('other-token', '/api/v1/nodes'), / 401 /)
    assert.match(await read('reader-token', '/api/v1/configuration'), / 403 /)
    for (const path of ['/api/v1/actions', '/api/v1/reload', '/mod_cluster-manager'])
      assert.match((await post('reader-token', path)).status, / (403|501) /, path)
    const { status, body } = await post('operator-token', '/api/v1/actions')
    assert.match(status, / 200 /)
    assert.deepEqual(JSON.parse(body).by, { role: 'operator', name: 'ci', from: '127.0.0.1' })
    // A token does not admit nodes.
    const refused = await sendHead(port, `CONFIG / HTTP/1.1\r\n${as('operator-token')}`, config)
    assert.match(refused.status, / 500 /)
  })

  test('a client certificate stands for a token where an entry names it', {
    skip: noOpenssl,
  }, async (t) => {
    const authority = new Authority()
    const server = authority.issue()
    const tls = {
      cert: server.cert,
      key: server.key,
      ca: authority.cert,
      clientAuth: 'request',
    } as const
    const { port } = await start(t, { tls, access: { secret, tokens } })
    const statusFor = async (pair: { cert: string; key: string } | undefined): Promise<string> => {
      const client = connectTls({ port, host: '127.0.0.1', ca: authority.cert, ...pair })
      client.write('GET /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const [bytes] = (await once(client, 'data')) as [Buffer]
      client.destroy()
      return bytes.toString('latin1').slice(9, 12)
    }
    assert.equal(await statusFor(authority.issue({ names: ['alice'] })), '200')
    assert.equal(await statusFor(authority.issue({ names: ['mallory'] })), '401')
    assert.equal(await statusFor(undefined), '401')
  })
})
