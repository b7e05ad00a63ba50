// Rules that name a balancer, redirect or answer, for real clients and nodes.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask, connectHttp2 } from '../../support/http2-client.ts'
import { get } from '../../support/node-server.ts'
import { RawClient, get as rawGet } from '../../support/raw-client.ts'
import { type Sent, startMirror, startRules } from '../../support/rules-fixture.ts'
import { until } from '../../support/until.ts'

test('rules choose the balancer, redirect and answer, over HTTP/1 and HTTP/2', async (t) => {
  const [shop, api] = await Promise.all(['shop', 'api'].map((name) => startMirror(t, name)))
  const { port } = await startRules(
    t,
    `to:
  - { address: "127.0.0.1:${shop}", balancer: shop }
  - { address: "127.0.0.1:${api}", balancer: api }
  - { address: "127.0.0.1:${shop}", route: deep, balancer: shop, contexts: /api/deep }
routes:
  - { name: health, match: { path: /healthz, exact: true }, answer: { body: "fine\\n", headers: { X-By: rule } } }
  - { match: /old, redirect: { path: /new, status: 301 } }
  - { match: { host: www.shop.test }, redirect: { https: true, host: shop.test } }
  - { match: { header: { X-Beta: "1" } }, balancer: api }
  - { match: /api, balancer: api }
  - { match: /empty, answer: 204 }
  - { balancer: shop }
`,
  )
  const nodeOf = async (path: string, headers = {}): Promise<string> =>
    (JSON.parse((await get(port, path, headers)).text) as Sent).node
  assert.equal(await nodeOf('/'), 'shop')
  assert.equal(await nodeOf('/api/x?y'), 'api')
  // The balancer of the rule serves it, though another one has a longer context.
  assert.equal(await nodeOf('/api/deep/x'), 'api')
  assert.equal(await nodeOf('/x', { 'X-Beta': '1' }), 'api')

  const health = await get(port, '/healthz')
  assert.deepEqual(
    [health.status, health.text, health.headers['x-by'], health.headers['content-length']],
    [200, 'fine\n', 'rule', '5'],
  )
  const empty = await get(port, '/empty')
  assert.deepEqual([empty.status, empty.headers['content-length']], [204, undefined])

  const moved = await get(port, '/old/x?y=1', { host: 'a.test:8080' })
  assert.deepEqual([moved.status, moved.headers['location']], [301, 'http://a.test:8080/new/x?y=1'])
  const secured = await get(port, '/x?y', { host: 'www.shop.test:8000' })
  assert.deepEqual([secured.status, secured.headers['location']], [308, 'https://shop.test/x?y'])
  // Two slashes do not name a host.
  const slashes = await get(port, '//evil.test/x', { host: 'www.shop.test' })
  assert.equal(slashes.headers['location'], 'https://shop.test//evil.test/x')

  const session = await connectHttp2(t, port)
  const fine = await ask(session, { ':path': '/healthz' })
  assert.equal(fine.body.toString(), 'fine\n')
  const other = await ask(session, { ':path': '/old', ':authority': 'a.test' })
  assert.equal(other.headers['location'], 'http://a.test/new')
})

test('a field that a rule sets or removes is not written once more by the proxy', async (t) => {
  const { port } = await startRules(
    t,
    `requestId: client
routes:
  - { match: /wait, answer: { status: 503, headers: { Retry-After: 30 } } }
  - { match: /methods, answer: { status: 405, headers: { Allow: GET } } }
  - match: /id
    answer: 404
    responseHeaders: { set: { X-Request-Id: "own-{requestId}" } }
  - match: /moved
    redirect: { path: /new }
    responseHeaders: { set: { Location: /elsewhere } }
  - { match: /bare, answer: 503, responseHeaders: { remove: [Retry-After, X-Request-Id] } }
  - { match: /usual, answer: 503 }
`,
  )
  const linesOf = async (path: string, name: string): Promise<readonly string[]> => {
    const { fields } = await (await RawClient.connect(t, port)).ask(rawGet(path))
    return fields.filter(([field]) => field === name).map(([, value]) => value)
  }
  assert.deepEqual(await linesOf('/wait', 'retry-after'), ['30'])
  assert.deepEqual(await linesOf('/methods', 'allow'), ['GET'])
  const [id = '', ...more] = await linesOf('/id', 'x-request-id')
  assert.match(id, /^own-[\da-f-]{36}$/)
  assert.deepEqual(more, [])
  assert.deepEqual(await linesOf('/moved', 'location'), ['/elsewhere'])
  assert.deepEqual(await linesOf('/bare', 'retry-after'), [])
  assert.deepEqual(await linesOf('/bare', 'x-request-id'), [])
  assert.deepEqual(await linesOf('/usual', 'retry-after'), ['2'])
})

test('an exact rule redirects to its path as it stands, with the query', async (t) => {
  const { port } = await startRules(
    t,
    `routes:
  - { match: { path: /, exact: true }, redirect: { path: /app, status: 301 } }
  - { match: { path: [/a, /b/], exact: true }, redirect: { path: /c } }
`,
  )
  const locationOf = async (path: string): Promise<unknown> =>
    (await get(port, path, { host: 'a.test' })).headers['location']
  assert.equal(await locationOf('/'), 'http://a.test/app')
  assert.equal(await locationOf('/?q=/x'), 'http://a.test/app?q=/x')
  assert.equal(await locationOf('/a?q'), 'http://a.test/c?q')
})

test('a link to a prefix with the session id of a servlet container behind it is served', async (t) => {
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes:
  - { match: /shop, stripPrefix: true }
  - { match: /old, redirect: { path: /new } }
  - { match: /v1, stripPrefix: true, addPrefix: /v2 }
`,
  )
  const urlOf = async (path: string): Promise<string> =>
    (JSON.parse((await get(port, path)).text) as Sent).url
  assert.equal(await urlOf('/shop;jsessionid=1.a'), '/;jsessionid=1.a')
  assert.equal(await urlOf('/shop;jsessionid=1.a?q'), '/;jsessionid=1.a?q')
  assert.equal(await urlOf('/v1;jsessionid=1.a'), '/v2;jsessionid=1.a')
  const moved = await get(port, '/old;jsessionid=1.a', { host: 'a.test' })
  assert.equal(moved.headers['location'], 'http://a.test/new;jsessionid=1.a')
  // Servers read other parameters differently.
  assert.equal((await get(port, '/shop;x=1')).status, 400)
  assert.equal((await get(port, '/shop;jsessionid=1/x')).status, 400)
})

test('a path that servers read as one of another rule is refused', async (t) => {
  const node = await startMirror(t, 'any')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes:
  - { match: /admin, answer: 403 }
`,
  )
  const client = await RawClient.connect(t, port)
  const statusOf = async (path: string): Promise<number> =>
    (await client.ask(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)).status
  assert.equal(await statusOf('/admin'), 403)
  assert.equal(await statusOf('/x'), 200)
  for (const path of [
    '/%61dmin',
    '/x/../admin',
    '//admin',
    '/./admin',
    '/admin;x',
    '/x/%2e%2e/admin',
  ])
    assert.ok([400, 403].includes(await statusOf(path)), path)
})

test('the access log names the rule that applied, or its number', async (t) => {
  const node = await startMirror(t, 'any')
  const rules: string[] = []
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes:
  - { name: health, match: /healthz, answer: 204 }
  - { match: /api, requestHeaders: { set: { X-A: b }, remove: [X-C, X-D] } }
`,
    undefined,
    { accessLog: (entry) => void rules.push(`${entry.target} ${entry.rule}`) },
  )
  for (const path of ['/healthz', '/api/x', '/other']) await get(port, path)
  await until('all are logged', () => rules.length === 3)
  assert.deepEqual(rules, ['/healthz health', '/api/x 2', '/other '])
})

test('a request for a balancer without nodes gets 503, and explain names the rule', async (t) => {
  const { port, proxy } = await startRules(
    t,
    'routes: [{ match: /a, balancer: gone }, { match: /b, redirect: { path: /c } }]',
  )
  const answer = await get(port, '/a')
  assert.equal(answer.status, 503)
  assert.match(answer.text, /NO_BALANCER/)
  const asked = { host: 'a.test', cookie: '', client: '192.0.2.1' }
  const gone = proxy.explain({ ...asked, target: '/a' })
  assert.deepEqual(gone.rule, { number: 1, name: '', did: ['rule 1 names the balancer gone'] })
  const moved = proxy.explain({ ...asked, target: '/b/x' })
  assert.deepEqual(moved.rule?.did, ['rule 2 redirects with 308'])
  assert.equal(moved.why, 'to http://a.test/c/x')
})

test('explain tells the deadlines, retries and error pages of a rule', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'page.txt'), 'sorry')
  const { proxy } = await startRules(
    t,
    'routes: [{ timeouts: { responseHead: 5m }, retries: 1, errors: { 5xx: page.txt } }]',
    join(folder, 'topspin.yaml'),
  )
  const { rule } = proxy.explain({ target: '/', host: 'a.test', cookie: '', client: '192.0.2.1' })
  assert.deepEqual(rule?.did, [
    'rule 1 sets timeouts.responseHead to 300 s',
    'rule 1 allows 1 retry',
    'rule 1 has error pages',
  ])
})

test('explain tells which fields a rule changes, and not their values', async (t) => {
  const { proxy } = await startRules(
    t,
    `routes:
  - requestHeaders: { set: { X-Key: secret }, remove: [X-C, X-D] }
    responseHeaders: { add: { X-By: me } }
`,
  )
  const { rule } = proxy.explain({ target: '/', host: 'a.test', cookie: '', client: '192.0.2.1' })
  assert.deepEqual(rule?.did, [
    'rule 1 sets the field X-Key of the request',
    'rule 1 removes the fields X-C, X-D of the request',
    'rule 1 adds the field X-By of the response',
  ])
})
