// Rules that change header fields and paths, towards nodes of every protocol and back to clients.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { ask, connectHttp2 } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { get, startNode } from '../../support/node-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { type Sent, settingsOf, startMirror, startRules } from '../../support/rules-fixture.ts'
import { webSocket, webSocketServer } from '../../support/web-socket.ts'

test('fields of requests are set, added and removed, behind those of the proxy', async (t) => {
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
trust: 127.0.0.1
routes:
  - match: /x
    setHost: app.internal:81
    requestHeaders:
      set: { X-Forwarded-Proto: gopher, X-From: "{client} {scheme} {method} {host}{path}" }
      add: { Accept: text/plain }
      remove: [Authorization, Via]
`,
  )
  const { text } = await get(port, '/x/y?z', {
    host: 'A.test:8000',
    accept: 'text/html',
    authorization: 'Basic eDp5',
    'x-from': 'me',
    'x-forwarded-for': '192.0.2.7',
  })
  const { headers, url } = JSON.parse(text) as Sent
  assert.equal(url, '/x/y?z')
  assert.equal(headers['host'], 'app.internal:81')
  assert.equal(headers['x-forwarded-host'], 'A.test:8000')
  assert.equal(headers['x-forwarded-proto'], 'gopher')
  assert.equal(headers['x-from'], '192.0.2.7 http GET a.test/x/y')
  assert.equal(headers['accept'], 'text/html, text/plain')
  assert.deepEqual([headers['authorization'], headers['via']], [undefined, undefined])
})

test('other spellings of fields that a rule sets or removes do not reach a node that reads `_` as `-`', async (t) => {
  const node = await startMirror(t, 'a')
  const text = `to: ["127.0.0.1:${node}"]
routes:
  - requestHeaders: { set: { X-User: nobody, My_Key: k }, add: { X-Tag: a }, remove: [X-Admin] }
`
  const sent = {
    'x-user': '1',
    X_User: '1',
    'x.user': '1',
    X_USER_: '1',
    'x-admin': '1',
    X_Admin: '1',
    'x-admin-': '1',
    MY_KEY: '1',
    'my-key': '1',
    x_tag: '1',
    x_users: '1',
  }
  const { port } = await startRules(t, text)
  const { headers } = JSON.parse((await get(port, '/', sent)).text) as Sent
  const named = /user|admin|key|tag/
  const got = Object.entries(headers).filter(([name]) => named.test(name))
  const own = { 'x-user': 'nobody', my_key: 'k', 'x-tag': 'a' }
  assert.deepEqual(Object.fromEntries(got), { x_tag: '1', x_users: '1', ...own })

  const passing = await startRules(t, `headers: { underscores: pass }\n${text}`)
  const { headers: passed } = JSON.parse((await get(passing.port, '/', sent)).text) as Sent
  assert.deepEqual([passed['x-user'], passed['x_user'], passed['x_admin']], ['nobody', '1', '1'])
  assert.deepEqual([passed['my_key'], passed['x-admin']], ['k', undefined])
})

test('escapes in a path do not split the head that has it in a field', async (t) => {
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes:
  - requestHeaders: { set: { X-Path: "{path}" } }
    responseHeaders: { set: { X-Path: "{path}" } }
`,
  )
  const { text, headers } = await get(port, '/a%0d%0aX-Evil:%201')
  assert.equal((JSON.parse(text) as Sent).headers['x-path'], '/a%0d%0aX-Evil:%201')
  assert.deepEqual([headers['x-path'], headers['x-evil']], ['/a%0d%0aX-Evil:%201', undefined])
})

test('fields of responses are changed for nodes, for own answers, and over HTTP/2', async (t) => {
  const { port: node } = await startNode(t, (request, response) => {
    response.setHeader('X-Powered-By', 'it').setHeader('Cache-Control', 'no-cache')
    response.statusCode = request.url === '/404' ? 404 : 200
    response.end('done')
  })
  const { port } = await startRules(
    t,
    `to: [{ address: "127.0.0.1:${node}", route: n1 }]
routes:
  - match: /gone
    balancer: none
    registers: true
    responseHeaders: { set: { X-Frame-Options: DENY }, remove: [Cache-Control] }
  - match: /own
    answer: { body: x }
    responseHeaders: { set: { X-Frame-Options: DENY } }
  - responseHeaders:
      set: { X-Frame-Options: DENY, X-Node: "{route} {node}" }
      add: { Vary: Accept }
      remove: [x-powered-by]
`,
  )
  const session = await connectHttp2(t, port)
  for (const path of ['/200', '/404']) {
    const plain = (await get(port, path)).headers
    const framed = (await ask(session, { ':path': path })).headers
    for (const headers of [plain, framed]) {
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['x-node'], `n1 127.0.0.1:${node}`)
      assert.equal(headers['vary'], 'Accept')
      assert.equal(headers['cache-control'], 'no-cache')
      assert.equal(headers['x-powered-by'], undefined)
    }
  }
  const gone = await get(port, '/gone')
  assert.deepEqual([gone.status, gone.headers['x-frame-options']], [503, 'DENY'])
  assert.equal(gone.headers['cache-control'], undefined)
  assert.equal((await get(port, '/own')).headers['x-frame-options'], 'DENY')
})

test('a prefix is stripped and another one added, and Location and cookies lead back', async (t) => {
  const { port: node } = await startNode(t, (request, response) => {
    const [path = '', query = ''] = String(request.url).split('?')
    const value = new URLSearchParams(query)
    for (const location of value.getAll('location')) response.setHeader('Location', location)
    response.setHeader('Set-Cookie', value.getAll('cookie'))
    response.setHeader('X-Prefix', request.headers['x-forwarded-prefix'] ?? 'none')
    response.end(path)
  })
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
sticky: { insert: off }
routes:
  - { match: /api, stripPrefix: true }
  - { match: /old/x, stripPrefix: /old, addPrefix: /new }
  - { match: /add, addPrefix: /app }
`,
  )
  const through = async (path: string, more: Record<string, string> = {}) =>
    get(port, path + (Object.keys(more).length === 0 ? '' : `?${new URLSearchParams(more)}`), {
      host: 'a.test:8000',
      'x-forwarded-prefix': '/forged',
    })
  assert.equal((await through('/api')).text, '/')
  assert.equal((await through('/api?x=1')).text, '/')
  const inner = await through('/api/x')
  assert.deepEqual([inner.text, inner.headers['x-prefix']], ['/x', '/api'])
  assert.equal((await through('/old/x/y')).text, '/new/x/y')
  assert.equal((await through('/add')).text, '/app/add')

  const locations: readonly (readonly [string, string, string])[] = [
    ['/api', '/login?x', '/api/login?x'],
    ['/api', '/', '/api'],
    ['/api', '/api/login', '/api/login'],
    ['/api', 'http://a.test:8000/in', 'http://a.test:8000/api/in'],
    ['/api', `http://127.0.0.1:${node}/in`, '/api/in'],
    ['/api', 'https://other.test/in', 'https://other.test/in'],
    ['/api', '//other.test/in', '//other.test/in'],
    ['/api', 'next', 'next'],
    ['/old/x', '/new/y', '/old/y'],
    ['/add', '/app/z', '/z'],
    ['/add', '/app', '/'],
  ]
  for (const [path, sent, got] of locations)
    assert.equal((await through(path, { location: sent })).headers['location'], got, sent)
  const cookies = await through('/api', { cookie: 'a=/b; Path=/; HttpOnly' })
  assert.deepEqual(cookies.headers['set-cookie'], ['a=/b; Path=/api; HttpOnly'])
  const deep = await through('/old/x', { cookie: 'a=b; path=/new/c' })
  assert.deepEqual(deep.headers['set-cookie'], ['a=b; Path=/old/c'])
})

test('a stripped path is read as any other: contexts, sticky cookies and paths that servers read differently', async (t) => {
  const { port: node } = await startNode(t, (request, response) => response.end(request.url))
  const { port, proxy } = await startRules(
    t,
    `to: [{ address: "127.0.0.1:${node}", contexts: /shop, route: n }]
sticky: { insert: { when: always } }
routes: [{ match: /eu, stripPrefix: true }]
`,
  )
  const found = await get(port, '/eu/shop/cart')
  assert.equal(found.text, '/shop/cart')
  assert.match(String(found.headers['set-cookie']), /; Path=\/eu\/shop;/)
  assert.equal((await get(port, '/eu/other')).status, 404)
  const client = await RawClient.connect(t, port)
  const statusOf = async (target: string): Promise<number> =>
    (await client.ask(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).status
  assert.equal(await statusOf('http://a.test/eu/shop'), 200)
  for (const target of ['/eu/x/../shop', '/eu/shop/../x', '/eu/..;/shop', '/eu%2fshop'])
    assert.equal(await statusOf(target), 400, target)
  const { rule } = proxy.explain({ target: '/eu/shop', host: 'a', cookie: '', client: '::1' })
  assert.deepEqual(rule?.did, ['rule 1 stripped /eu'])
})

test('nodes of HTTP/2 and AJP get the changed requests', async (t) => {
  const seen: { path: string; authority: string; field: string }[] = []
  const second = await startHttp2Node(t, (stream, headers) => {
    seen.push({
      path: String(headers[':path']),
      authority: String(headers[':authority']),
      field: String(headers['x-a']),
    })
    stream.respond({ ':status': 200, location: '/in' })
    stream.end('two')
  })
  const { port } = await startRules(
    t,
    `to: [{ address: "h2c://127.0.0.1:${second.port}", balancer: two }]
routes:
  - { match: /two, balancer: two, stripPrefix: true, setHost: two.internal, requestHeaders: { set: { X-A: b } } }
`,
  )
  const { headers, text } = await get(port, '/two/x')
  assert.deepEqual([text, headers['location']], ['two', '/two/in'])
  assert.deepEqual(seen, [{ path: '/x', authority: 'two.internal', field: 'b' }])

  const ajp = await startAjpOrigin(t)
  const rule =
    'routes: [{ match: /jk, stripPrefix: true, setHost: jk.internal, requestHeaders: { set: { X-A: c } } }]'
  const { routes } = await settingsOf(rule)
  const packed = await startProxy(t, [{ type: 'ajp', port: ajp.port }], { routes })
  assert.equal((await get(packed.port, '/jk/echo')).status, 200)
  const [asked] = ajp.seen
  assert.deepEqual(
    [asked?.uri, asked?.get('host'), asked?.get('x-a')],
    ['/echo', 'jk.internal', 'c'],
  )
})

test('a WebSocket passes through a rule that strips its path', async (t) => {
  const server = createServer((_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  webSocketServer({ server, path: '/chat' }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(`echo ${data}`))
  })
  const { port: node } = server.address() as AddressInfo
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes: [{ match: /ws, stripPrefix: true, responseHeaders: { set: { X-Up: "1" } } }]
`,
  )
  const socket = webSocket(`ws://127.0.0.1:${port}/ws/chat`)
  const message = await new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('hi'))
    socket.on('message', (data) => resolve(String(data)))
    socket.on('error', reject)
  })
  assert.equal(message, 'echo hi')
  socket.close(1000)
})
