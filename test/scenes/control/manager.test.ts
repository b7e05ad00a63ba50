// The manager page for browsers and scripts: httpd's texts and lines, actions by POST with the token of the page, and by
// GET with `compat` (mcmp.md 6, decision 60).

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
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

async function start(t: TestContext, options: ControlBenchOptions = {}): Promise<ControlBench> {
  const bench = await controlBench(options)
  t.after(() => bench.control.close())
  return bench
}

async function send(port: number, text: string): Promise<RawResponse> {
  const [response] = parseResponses(await exchange(port, [text]))
  assert.ok(response !== undefined)
  return response
}

const path = '/mod_cluster-manager'

const get = (port: number, query = '', at = path): Promise<RawResponse> =>
  send(port, `GET ${at}${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)

function post(port: number, query: string, body: string, more = ''): Promise<RawResponse> {
  const head = `POST ${path}${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}`
  return send(port, `${head}Content-Length: ${body.length}\r\n\r\n${body}`)
}

async function tokenOf(port: number): Promise<string> {
  const { body } = await get(port)
  const match = /name="nonce" value="([0-9a-f-]{36})"|nonce=([0-9a-f-]{36})/.exec(body)
  assert.ok(match !== null, body)
  return match[1] ?? match[2] ?? ''
}

/** Three nodes, two of them in a domain. */
async function register(port: number): Promise<void> {
  for (const [route, at, more] of [
    ['a', 81, '&Domain=east'],
    ['b', 82, '&Domain=east'],
    ['c', 83, ''],
  ] as const) {
    await sendMessage(
      port,
      'CONFIG',
      `JVMRoute=${route}&Host=127.0.0.1&Port=${at}&Type=http${more}`,
    )
    await sendMessage(
      port,
      'ENABLE-APP',
      `JVMRoute=${route}&Alias=x.test,y.test&Context=/shop,/pay`,
    )
  }
}

const statuses = (bench: ControlBench): string[] =>
  [...bench.registry.snapshot.nodes.values()].map((node) => {
    const rows = bench.registry.snapshot.contexts.get(node.id) ?? []
    return `${node.route}: ${rows.map((row) => `${row.alias}${row.path} ${row.status}`).join(', ')}`
  })

test('the page has two paths, and without nodes it does not contain the word', async (t) => {
  const { port } = await start(t)
  for (const at of ['/mod_cluster-manager', '/mod_cluster_manager']) {
    const page = await get(port, '', at)
    assert.equal(page.status, 'HTTP/1.1 200 OK')
    assert.equal(page.fields.get('content-type'), 'text/html; charset=utf-8')
    assert.match(page.body, /<h1>mod_cluster\/\d+\.\d+\.\d+\.Final<\/h1>/)
    assert.doesNotMatch(page.body, /node/i)
  }
})

test('the page has one line for each node, which scripts count', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  bench.up.add(81).add(82)
  await sendMessage(bench.port, 'STATUS', 'JVMRoute=a&Load=73')
  await sendMessage(bench.port, 'STATUS', 'JVMRoute=c&Load=50')
  const lines = (await get(bench.port)).body.split('\n')
  const found = (pattern: RegExp): string[] => lines.filter((line) => pattern.test(line))
  assert.deepEqual(found(/^<h1> Node /), [
    '<h1> Node c (http://127.0.0.1:83): </h1>',
    '<h1> Node a (http://127.0.0.1:81): </h1>',
    '<h1> Node b (http://127.0.0.1:82): </h1>',
  ])
  assert.equal(found(/LBGroup east: /).length, 1)
  assert.deepEqual(found(/^Balancer: .*,LBGroup: .*,Status: /), [
    'Balancer: mycluster,LBGroup: ,Flushpackets: Off,Flushwait: 10000,Ping: 10000000,Smax: -1,Ttl: 60000000,Status: NOTOK,Elected: 0,Read: 0,Transferred: 0,Connected: 0,Load: 0,Num sessions: 0',
    'Balancer: mycluster,LBGroup: east,Flushpackets: Off,Flushwait: 10000,Ping: 10000000,Smax: -1,Ttl: 60000000,Status: OK,Elected: 0,Read: 0,Transferred: 0,Connected: 0,Load: 73,Num sessions: 0',
    'Balancer: mycluster,LBGroup: east,Flushpackets: Off,Flushwait: 10000,Ping: 10000000,Smax: -1,Ttl: 60000000,Status: OK,Elected: 0,Read: 0,Transferred: 0,Connected: 0,Load: 0,Num sessions: 0',
  ])
  assert.equal(found(/^\/shop, Status: ENABLED Request: 0 /).length, 3)
  assert.equal(found(/^x\.test$/).length, 3)
})

test('a time of two hours is not truncated', async (t) => {
  const { port } = await start(t)
  await sendMessage(port, 'CONFIG', 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http&ttl=2h')
  assert.match((await get(port)).body, /,Ttl: 7200000000,/)
})

test('the page reloads itself on request, whatever the case of the parameter', async (t) => {
  const { port } = await start(t)
  for (const [query, seconds] of [
    ['?refresh=10', '10'],
    ['?Refresh=25', '25'],
    ['?refresh=0', '10'],
    ['?refresh=x', '10'],
  ] as const)
    assert.equal((await get(port, query)).fields.get('refresh'), seconds)
  assert.equal((await get(port)).fields.get('refresh'), undefined)
  assert.match((await get(port)).body, /href="[^"]*\?refresh=10"[^>]*>Auto Refresh</)
})

test('the page shows the replies to INFO and DUMP', async (t) => {
  const { port } = await start(t)
  await register(port)
  for (const command of ['INFO', 'DUMP']) {
    const page = await get(port, `?Cmd=${command}&Range=ALL`)
    assert.equal(page.fields.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(page.body, (await sendMessage(port, command)).body)
  }
})

test('names from the network are escaped, and no script can run', async (t) => {
  const { port } = await start(t)
  await sendMessage(port, 'CONFIG', 'JVMRoute=a%26b&Host=127.0.0.1&Port=81&Type=http&Domain=%26amp')
  await sendMessage(port, 'ENABLE-APP', 'JVMRoute=a%26b&Alias=%26lt&Context=/%26quot')
  const page = await get(port)
  assert.match(page.body, /<h1> Node a&amp;b \(/)
  assert.match(page.body, /^&amp;lt$/m)
  assert.match(page.body, /^\/&amp;quot, Status: /m)
  const policy = page.fields.get('content-security-policy') ?? ''
  assert.match(
    policy,
    /^default-src 'none'; img-src data:; style-src 'sha256-[^']+'; form-action 'self';/,
  )
  assert.doesNotMatch(page.body, /<script/)
})

test('the actions on a context, a node and a domain take effect', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  const nonce = `nonce=${await tokenOf(bench.port)}`
  const context = 'Range=CONTEXT&JVMRoute=a&Alias=x.test%2Cy.test&Context=%2Fpay'
  const done = await post(bench.port, `?Cmd=DISABLE-APP&${context}`, nonce)
  assert.equal(done.status, 'HTTP/1.1 303 See Other')
  assert.equal(done.fields.get('location'), path)
  assert.equal(
    statuses(bench)[0],
    'a: x.test/shop ENABLED, x.test/pay DISABLED, y.test/shop ENABLED, y.test/pay DISABLED',
  )
  await post(bench.port, '?Cmd=STOP-APP&Range=NODE&JVMRoute=c', nonce)
  assert.match(statuses(bench)[2] ?? '', /^c: ([^,]+ STOPPED(, )?){4}$/)
  await post(bench.port, '?Cmd=STOP-APP&Range=DOMAIN&Domain=east', nonce)
  for (const line of statuses(bench)) assert.doesNotMatch(line, /ENABLED|DISABLED/)
  await post(bench.port, '', `${nonce}&Cmd=ENABLE-APP&Range=DOMAIN&Domain=east`)
  for (const line of statuses(bench).slice(0, 2)) assert.doesNotMatch(line, /STOPPED/)
  assert.match(statuses(bench)[2] ?? '', /STOPPED/)
})

test('every button of the page is an accepted action', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  const nonce = `nonce=${await tokenOf(bench.port)}`
  const { body } = await get(bench.port)
  const buttons = [...body.matchAll(/<button form="act" formaction="([^"]+)">([^<]+)</g)]
  assert.equal(buttons.length, 3 + 3 * 3 + 3 * 4)
  for (const [, target = ''] of buttons) {
    const query = target.replaceAll('&amp;', '&').slice(path.length)
    assert.equal((await post(bench.port, query, nonce)).status, 'HTTP/1.1 303 See Other', query)
  }
})

test('without the token of this run no action is accepted', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  const before = statuses(bench)
  for (const body of ['', 'nonce=', 'nonce=5f0c0ab4-9b6b-4e8c-9a55-000000000000']) {
    const refused = await post(bench.port, '?Cmd=STOP-APP&Range=NODE&JVMRoute=a', body)
    assert.equal(refused.status, 'HTTP/1.1 403 Forbidden')
  }
  assert.deepEqual(statuses(bench), before)
})

test('a page of another origin is refused even with the token', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  const nonce = `nonce=${await tokenOf(bench.port)}`
  const query = '?Cmd=STOP-APP&Range=NODE&JVMRoute=a'
  const before = statuses(bench)
  for (const origin of ['http://evil.example', 'null'])
    assert.equal(
      (await post(bench.port, query, nonce, `Origin: ${origin}\r\n`)).status,
      'HTTP/1.1 403 Forbidden',
    )
  assert.deepEqual(statuses(bench), before)
  const own = await post(bench.port, query, nonce, 'Origin: http://localhost\r\n')
  assert.equal(own.status, 'HTTP/1.1 303 See Other')
})

test('a failed action shows the reason and a link back', async (t) => {
  const { port } = await start(t)
  await register(port)
  const nonce = `nonce=${await tokenOf(port)}`
  for (const [query, words] of [
    ['?Cmd=STOP-APP&Range=NODE&JVMRoute=z', /Can&#39;t read node with &quot;z&quot; JVMRoute/],
    ['?Cmd=STOP-APP&Range=DOMAIN&Domain=west', /No node has the domain/],
    [
      '?Cmd=STOP-APP&Range=CONTEXT&JVMRoute=a&Alias=x.test&Context=/none',
      /a has no context \/none/,
    ],
    ['?Cmd=STOP-APP&Range=ALL&JVMRoute=a', /Range is CONTEXT, NODE or DOMAIN/],
  ] as const) {
    const page = await post(port, query, nonce)
    assert.equal(page.status, 'HTTP/1.1 409 Conflict')
    assert.match(page.body, /<h1> Command failed: /)
    assert.match(page.body, words)
    assert.match(page.body, /<a href="\/mod_cluster-manager">Continue<\/a>/)
  }
  assert.equal((await post(port, '', nonce)).status, 'HTTP/1.1 400 Bad Request')
  assert.equal((await get(port, '?refresh')).status, 'HTTP/1.1 400 Bad Request')
})

test('GET changes nothing', async (t) => {
  const bench = await start(t)
  await register(bench.port)
  const before = statuses(bench)
  const token = await tokenOf(bench.port)
  const page = await get(bench.port, `?nonce=${token}&Cmd=STOP-APP&Range=NODE&JVMRoute=a`)
  assert.equal(page.status, 'HTTP/1.1 405 Method Not Allowed')
  assert.deepEqual(statuses(bench), before)
})

test('with compat GET acts with the token, and shows the page without it', async (t) => {
  const bench = await start(t, { compat: true })
  await register(bench.port)
  const before = statuses(bench)
  const query = 'Cmd=STOP-APP&Range=NODE&JVMRoute=a'
  for (const token of ['', 'nonce=wrong&']) {
    const page = await get(bench.port, `?${token}${query}`)
    assert.equal(page.status, 'HTTP/1.1 200 OK')
    assert.match(page.body, /Node a /)
  }
  assert.deepEqual(statuses(bench), before)
  const { body } = await get(bench.port)
  const links = [...body.matchAll(/href="([^"]*nonce=[^"]*Cmd=STOP-APP[^"]*Range=NODE[^"]*)"/g)]
  assert.equal(links.length, 3)
  const link = links.map(([, target = '']) => target.replaceAll('&amp;', '&'))
  const target = link.find((one) => one.endsWith('JVMRoute=a')) ?? ''
  const done = await get(bench.port, target.slice(path.length))
  assert.equal(done.status, 'HTTP/1.1 200 OK')
  assert.match(statuses(bench)[0] ?? '', /^a: ([^,]+ STOPPED(, )?){4}$/)
})

test('the console address has the pages and accepts no messages', async (t) => {
  const bench = await start(t, { console: { host: '127.0.0.1', port: 0 } })
  const port = bench.control.console?.port ?? 0
  assert.match((await get(port)).body, /mod_cluster\//)
  assert.equal((await get(port, '', '/livez')).body, 'alive\n')
  assert.equal(
    (await sendMessage(port, 'CONFIG', 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http')).status,
    'HTTP/1.1 501 Not Implemented',
  )
  assert.equal(bench.registry.snapshot.version, 0)
  await bench.control.close()
  await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))
})
