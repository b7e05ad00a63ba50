// One port for messages, pages and traffic (`control.traffic`), which the tests of httpd's modules expect, and what those
// tests check on the manager page: version, manager, refused messages.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  exchange,
  parseResponses,
  type RawResponse,
  sendMessage,
} from '../../support/control-client.ts'
import { get as getFrom, startNode } from '../../support/node-server.ts'
import { get, post, RawClient } from '../../support/raw-client.ts'
import { startServe, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface OnePort {
  readonly port: number
  page(): Promise<string>
}

async function start(t: TestContext): Promise<OnePort> {
  const proxy = await startServe([], { TOPSPIN_CONTROL_TRAFFIC: 'true' })
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = Number(new URL(proxy.control).port)
  return {
    port,
    async page() {
      const { status, text } = await getFrom(port, '/mod_cluster_manager')
      assert.equal(status, 200)
      return text
    },
  }
}

async function register(port: number, nodePort: number, context: string): Promise<void> {
  const config = `JVMRoute=app&Host=127.0.0.1&Port=${nodePort}&Type=http`
  assert.match((await sendMessage(port, 'CONFIG', config)).status, / 200 /)
  await sendMessage(port, 'ENABLE-APP', `JVMRoute=app&Alias=localhost&Context=${context}`)
  await sendMessage(port, 'STATUS', 'JVMRoute=app&Load=100')
}

test('messages, pages and applications share one port; the first request decides', async (t) => {
  const { port, page } = await start(t)
  const node = await startNode(t, (request, response) => {
    let body = ''
    request.on('data', (piece) => {
      body += piece
    })
    request.on('end', () =>
      response.end(
        `${request.method} ${request.url} ${body} for ${request.headers['x-forwarded-for']}`,
      ),
    )
  })
  await register(port, node.port, '/app')
  const { status, text } = await getFrom(port, '/app/x')
  assert.deepEqual([status, text], [200, 'GET /app/x  for 127.0.0.1'])
  assert.match(await page(), /Node app /)
  assert.equal((await getFrom(port, '/livez')).text, 'alive\n')
  assert.match((await sendMessage(port, 'INFO')).body, /Name: app,/)

  const client = await RawClient.connect(t, port)
  assert.match(
    (await client.ask(post('/app/2', 'x'.repeat(100_000)))).body.toString(),
    /^POST \/app\/2 x{100000} /,
  )
  // The next request may be for somebody else.
  await client.over()
})

test('a request sent byte by byte is routed, too; bytes that are not HTTP are refused', async (t) => {
  const { port } = await start(t)
  const node = await startNode(t, (request, response) => response.end(request.url))
  await register(port, node.port, '/app')
  const client = await RawClient.connect(t, port)
  for (const byte of get('/app/slow')) {
    client.send(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await client.answer())?.body.toString(), '/app/slow')
  assert.equal(
    parseResponses(await exchange(port, ['no http\r\n\r\n'], { halfClose: false }))[0]?.status,
    'HTTP/1.1 400 Bad Request',
  )
})

test('the root is the front page until an application serves it', async (t) => {
  const { port } = await start(t)
  assert.equal((await getFrom(port, '/')).status, 200)
  assert.equal((await getFrom(port, '/nowhere')).status, 404)
  const node = await startNode(t, (_, response) => response.end('the application'))
  await register(port, node.port, '/')
  assert.equal((await getFrom(port, '/')).text, 'the application')
  assert.equal((await getFrom(port, '/nowhere')).text, 'the application')
})

test('requests in progress finish before a proxy with one port ends', async (t) => {
  const proxy = await startServe([], { TOPSPIN_CONTROL_TRAFFIC: 'true' })
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = Number(new URL(proxy.control).port)
  const node = await startNode(t)
  await register(port, node.port, '/')
  const answer = getFrom(port, '/slow')
  await until('the node has it', () => node.slow.length === 1)
  proxy.child.kill('SIGTERM')
  await proxy.sees(/draining/)
  node.slow[0]?.end('at last')
  assert.equal((await answer).text, 'at last')
  assert.equal((await proxy.ended).code, 0)
})

test('one port for everything needs the traffic in this process', async () => {
  const { code, stderr } = await topspin('serve', '--config', 'nowhere.yaml')
  assert.equal(code, 78, stderr)
  process.env['TOPSPIN_CONTROL_TRAFFIC'] = 'true'
  try {
    const refused = await topspin('serve', '--workers', '2')
    assert.equal(refused.code, 78)
    assert.match(refused.stderr, /TOPSPIN_CONTROL_TRAFFIC: needs workers: 0/)
  } finally {
    delete process.env['TOPSPIN_CONTROL_TRAFFIC']
  }
})

test('VERSION and the manager page name the same release', async (t) => {
  const { port, page } = await start(t)
  const pattern = /(mod_(?:proxy_)?cluster)\/(\d+\.\d+\.\d+)\.(?:Dev|Alpha\d+|Beta\d+|CR\d+|Final)/
  const version = await sendMessage(port, 'VERSION')
  assert.equal(version.status, 'HTTP/1.1 200 OK')
  const stated = new RegExp(
    `^release: ${pattern.source}, protocol: (\\d+\\.\\d+\\.\\d+)$`,
    'm',
  ).exec(version.body)
  assert.ok(stated !== null, version.body)
  const shown = pattern.exec(await page())
  assert.deepEqual([shown?.[1], shown?.[2]], [stated[1], stated[2]])
})

test('the manager page contains the word node only when a node is registered', async (t) => {
  const { port, page } = await start(t)
  assert.equal((await page()).includes('Node'), false)
  await sendMessage(port, 'CONFIG', 'JVMRoute=next&Host=127.0.0.2&Port=8082&Type=http')
  assert.ok((await page()).includes('Node next'))
})

const cannotParse =
  "SYNTAX: Can't parse MCMP message. It might have contained illegal symbols or unknown elements."

const refused: readonly (readonly [what: string, body: string, mess: string])[] = [
  ['without a body', '', cannotParse],
  ['with an empty route', 'JVMRoute=', cannotParse],
  ['with a route without value', 'JVMRoute', cannotParse],
  [
    'with an alias of 256',
    `Alias=${'a'.repeat(256)}&JVMRoute=spare`,
    'SYNTAX: Alias field too big',
  ],
  [
    'with a context of 81',
    `Context=${'c'.repeat(81)}&JVMRoute=spare`,
    'SYNTAX: Context field too big',
  ],
  [
    'with a balancer of 41',
    `Balancer=${'b'.repeat(41)}&JVMRoute=spare`,
    'SYNTAX: Balancer field too big',
  ],
  ['with a route of 65', `JVMRoute=${'r'.repeat(65)}`, 'SYNTAX: JVMRoute field too big'],
  [
    'with a domain of 21',
    `Domain=${'d'.repeat(21)}&JVMRoute=spare`,
    'SYNTAX: LBGroup field too big',
  ],
  ['with a host of 65', `Host=${'d'.repeat(65)}&JVMRoute=spare`, 'SYNTAX: Host field too big'],
  ['with a port of 8', `JVMRoute=spare&Port=${'p'.repeat(8)}`, 'SYNTAX: Port field too big'],
  ['with a type of 17', `JVMRoute=spare&Type=${'t'.repeat(17)}`, 'SYNTAX: Type field too big'],
  [
    'with a cookie of 31',
    `JVMRoute=spare&StickySessionCookie=${'d'.repeat(31)}`,
    'SYNTAX: A field is too big',
  ],
  [
    'with a path of 31',
    `JVMRoute=spare&StickySessionPath=${'p'.repeat(31)}`,
    'SYNTAX: A field is too big',
  ],
]

test('a refused CONFIG gets the reason and leaves nothing on the manager page', async (t) => {
  const { port, page } = await start(t)
  assert.equal((await getFrom(port, '/')).status, 200)
  for (const [what, body, mess] of refused) {
    const reply: RawResponse = await sendMessage(port, 'CONFIG', body)
    assert.equal(reply.status, 'HTTP/1.1 500 Internal Server Error', what)
    assert.notEqual(reply.body, '', what)
    assert.equal(reply.fields.get('type'), 'SYNTAX', what)
    assert.equal(reply.fields.get('mess'), mess, what)
    assert.equal((await page()).includes('Node'), false, what)
  }
})
