// Rules that decide who may send a request: addresses, rates and passwords.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { answerOf, ask, connectHttp2 } from '../../support/http2-client.ts'
import { get } from '../../support/node-server.ts'
import { post, RawClient } from '../../support/raw-client.ts'
import { problemsOf, startMirror, startRules } from '../../support/rules-fixture.ts'
import { topspin } from '../../support/topspin.ts'

const folder = mkdtempSync(join(tmpdir(), 'rules-'))
after(() => rmSync(folder, { recursive: true }))

test('addresses are allowed and denied, behind the proxies in trust alone', async (t) => {
  const node = await startMirror(t, 'a')
  const rules = `to: ["127.0.0.1:${node}"]
routes: [{ match: /x, allow: 10.0.0.0/8, deny: 10.1.0.0/16 }]
`
  const trusting = await startRules(t, `trust: 127.0.0.1\n${rules}`)
  const statusOf = async (port: number, client: string): Promise<number> =>
    (await get(port, '/x', { 'x-forwarded-for': client })).status
  assert.equal(await statusOf(trusting.port, '10.2.0.1'), 200)
  assert.equal(await statusOf(trusting.port, '10.1.0.1'), 403)
  assert.equal(await statusOf(trusting.port, '192.0.2.1'), 403)
  assert.equal(await statusOf(trusting.port, '10.2.0.1, 192.0.2.1'), 403)
  const strict = await startRules(t, rules)
  assert.equal(await statusOf(strict.port, '10.2.0.1'), 403)
  const asked = { target: '/x', host: 'a', cookie: '' }
  assert.equal(strict.proxy.explain({ ...asked, client: '10.1.2.3' }).refusal, '403 RULE_DENIED')
  assert.equal(strict.proxy.explain({ ...asked, client: '10.2.2.3' }).refusal, null)
})

test('fields of the rule are in its refusals, too, with their values', async (t) => {
  const { port } = await startRules(
    t,
    'routes: [{ deny: 127.0.0.1, responseHeaders: { set: { X-Path: "{path} {route}" } } }]',
  )
  const { status, headers } = await get(port, '/a?b')
  assert.deepEqual([status, headers['x-path']], [403, '/a'])
})

test('a body that is too long is refused while its password is being compared', async (t) => {
  writeFileSync(join(folder, 'both'), `bob:${hashSync('one', 9)}\n`)
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]\nroutes: [{ match: /in, auth: both, maxBody: 10 }]\n`,
    join(folder, 'topspin.yaml'),
  )
  const client = await RawClient.connect(t, port)
  const login = `Authorization: ${basic('bob', 'one')}`
  const answer = await client.ask(
    `POST /in HTTP/1.1\r\nHost: a\r\n${login}\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n`,
  )
  assert.equal(answer.status, 413)
  // The comparison that comes too late changes nothing.
  const again = await RawClient.connect(t, port)
  const good = await again.ask(`GET /in HTTP/1.1\r\nHost: a\r\n${login}\r\n\r\n`)
  assert.equal(good.status, 200)
})

test('a rate is kept for each client, and a client beyond it gets 429', async (t) => {
  const node = await startMirror(t, 'a')
  const { port, proxy } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
trust: 127.0.0.1
routes:
  - { match: /key, rateLimit: { rate: 1/h, burst: 2, header: X-Key } }
  - { rateLimit: { rate: 1/h, burst: 3 } }
`,
  )
  const statuses = async (path: string, headers: Record<string, string>, count: number) => {
    const found: number[] = []
    for (let i = 0; i < count; i++) found.push((await get(port, path, headers)).status)
    return found
  }
  assert.deepEqual(await statuses('/', { 'x-forwarded-for': '192.0.2.1' }, 4), [200, 200, 200, 429])
  assert.deepEqual(await statuses('/', { 'x-forwarded-for': '192.0.2.2' }, 1), [200])
  // One subscriber has the whole network.
  assert.deepEqual(await statuses('/', { 'x-forwarded-for': '2001:db8::1' }, 3), [200, 200, 200])
  assert.deepEqual(await statuses('/', { 'x-forwarded-for': '2001:db8::2' }, 1), [429])
  assert.deepEqual(await statuses('/key', { 'x-key': 'a' }, 3), [200, 200, 429])
  assert.deepEqual(await statuses('/key', { 'x-key': 'b' }, 1), [200])
  const { headers } = await get(port, '/', { 'x-forwarded-for': '192.0.2.1' })
  const seconds = Number(headers['retry-after'])
  assert.ok(seconds > 3_500 && seconds <= 3_600, String(seconds))
  // Nothing is counted for a request that does not exist.
  for (let i = 0; i < 9; i++)
    assert.equal(
      proxy.explain({ target: '/', host: 'a', cookie: '', client: '192.0.2.9' }).refusal,
      null,
    )
})

const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

test('a password is asked for, in each form of htpasswd, and nothing is told before it is right', async (t) => {
  const node = await startMirror(t, 'a')
  const apr1 = (password: string): string =>
    String(spawnSync('openssl', ['passwd', '-apr1', '-salt', 'abcdefgh', password]).stdout).trim()
  const lines = [
    `bob:${hashSync('one', 5).replace('$2b$', '$2y$')}`,
    '# a comment',
    `eve:${apr1('two')}`,
    `ana:${apr1('zwölf €')}`,
    `ida:${hashSync('zwölf €', 4)}`,
    // The first line of a name counts.
    `ida:${hashSync('later', 4)}`,
    'zoé:{SHA}uALzhDAssk+6sKRJl+ggvy6FB7s=',
  ]
  writeFileSync(join(folder, 'htpasswd'), `${lines.join('\n')}\n`)
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
routes:
  - { match: /own, auth: htpasswd, answer: { body: inner } }
  - { match: /unknown, auth: htpasswd, balancer: none, registers: true }
  - { auth: { file: htpasswd, realm: Shop }, requestHeaders: { remove: [Authorization] } }
`,
    join(folder, 'topspin.yaml'),
  )
  const without = await get(port, '/')
  assert.equal(without.status, 401)
  assert.equal(without.headers['www-authenticate'], 'Basic realm="Shop", charset="UTF-8"')
  const statusOf = async (authorization: string, path = '/'): Promise<number> =>
    (await get(port, path, { authorization })).status
  for (const [name, password] of [
    ['bob', 'one'],
    ['eve', 'two'],
    ['ana', 'zwölf €'],
    ['ida', 'zwölf €'],
    ['zoé', 'three'],
  ] as const) {
    assert.equal(await statusOf(basic(name, `${password}x`)), 401, name)
    assert.equal(await statusOf(basic(name, password)), 200, name)
    assert.equal(await statusOf(basic(name, password)), 200, name)
  }
  assert.equal(await statusOf(basic('nobody', 'one')), 401)
  assert.equal(await statusOf('Bearer x'), 401)
  assert.equal(await statusOf('Basic ???'), 401)
  // Answers of rules, and what would fail, come after the password.
  assert.equal(await statusOf(basic('bob', 'wrong'), '/own'), 401)
  assert.equal(await statusOf(basic('bob', 'wrong'), '/unknown'), 401)
  assert.equal((await get(port, '/own', { authorization: basic('bob', 'one') })).text, 'inner')
  assert.equal(await statusOf(basic('bob', 'one'), '/unknown'), 503)
  const { headers } = JSON.parse(
    (await get(port, '/', { authorization: basic('bob', 'one') })).text,
  ) as { headers: Record<string, string> }
  assert.equal(headers['authorization'], undefined)
})

test('a request whose password took time is redirected as any other', async (t) => {
  const lines = ['bob', 'eve'].map((name) => `${name}:${hashSync('one', 5)}\n`)
  writeFileSync(join(folder, 'redirected'), lines.join(''))
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]
candidacy: ["usable", "redirectToIp %A:%P"]
routes: [{ auth: redirected }]
`,
    join(folder, 'topspin.yaml'),
  )
  const authorization = basic('bob', 'one')
  // The first one has its password compared, the second one is known.
  for (const path of ['/first?x=1', '/second']) {
    const { status, headers } = await get(port, path, { authorization })
    assert.equal(status, 302, path)
    assert.equal(headers['location'], `http://127.0.0.1:${node}${path}`)
  }
  const client = await RawClient.connect(t, port)
  client.send(post('/third', 'x'.repeat(50_000), `Authorization: ${basic('eve', 'one')}`))
  assert.equal((await client.answer())?.status, 307)
})

test('a request waits for its password with its body, pipelined and over HTTP/2, and may leave', async (t) => {
  writeFileSync(join(folder, 'slow'), `bob:${hashSync('one', 11)}\n`)
  const node = await startMirror(t, 'a')
  const { port } = await startRules(
    t,
    `to: ["127.0.0.1:${node}"]\nroutes: [{ match: /in, auth: slow }]\n`,
    join(folder, 'topspin.yaml'),
  )
  // It leaves before its password is compared.
  const gone = await RawClient.connect(t, port)
  gone.send(`GET /in HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('bob', 'gone')}\r\n\r\n`)
  gone.socket.destroy()
  const client = await RawClient.connect(t, port)
  client.send(
    post('/in', 'x'.repeat(50_000), `Authorization: ${basic('bob', 'one')}`) +
      'GET /out HTTP/1.1\r\nHost: a\r\n\r\n',
  )
  const first = await client.answer()
  const second = await client.answer()
  assert.deepEqual([first?.status, second?.status], [200, 200])
  assert.match(String(first?.body), /"url":"\/in"/)
  assert.match(String(second?.body), /"url":"\/out"/)
  const session = await connectHttp2(t, port)
  const stream = session.request({
    ':path': '/in',
    ':method': 'POST',
    authorization: basic('bob', 'other'),
  })
  stream.end('y'.repeat(50_000))
  const refused = await answerOf(stream)
  assert.equal(refused.headers[':status'], 401)
  assert.equal((await ask(session, { ':path': '/out' })).headers[':status'], 200)
})

test('what is wrong with a file of passwords is reported by topspin check', async (t) => {
  const cases: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
    ['des', 'bob:rqXexS6ZhobKA\n', /line 1: neither bcrypt nor apr1 nor \{SHA\}/],
    ['empty', '\n', /no names in it/],
    ['cost', `bob:$2y$20$${'a'.repeat(53)}\n`, /line 1: a cost that is not 4 to 14/],
    ['form', 'bob\n', /line 1: not NAME:HASH/],
  ]
  for (const [name, text, problem] of cases) {
    writeFileSync(join(folder, name), text)
    const file = join(folder, `${name}.yaml`)
    writeFileSync(file, `routes: [{ auth: ${name} }]\n`)
    const { code, stdout, stderr } = await topspin('check', file)
    assert.equal(code, 78)
    assert.match(stdout + stderr, problem)
    assert.match(stdout + stderr, /routes\[0\]\.auth\.file/)
  }
  void t
  assert.match(
    problemsOf('routes: [{ rateLimit: fast }]')[0] ?? '',
    /is not a rate; write for example 10\/s/,
  )
})
