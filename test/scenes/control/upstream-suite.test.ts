// The expectations of mod_proxy_cluster's own test suite, over the wire against `topspin serve`: one test for each of its
// files, except the pages of the console. The phases of a removal are ten times shorter here.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type RawResponse, sendMessage } from '../../support/control-client.ts'
import { readDump, readInfo } from '../../support/mcmp-tables.ts'
import { get, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

/** A target of a whole node, in the spelling of the suite: its base ends in a slash. */
const all = '//*'
const contextsMax = 100

type Pairs = Readonly<Record<string, string | number>>

class Suite {
  readonly #traffic: number
  readonly #control: number
  /** The application behind the proxy. */
  readonly app: { readonly Host: string; readonly Port: number }

  constructor(traffic: string, control: string, appPort: number) {
    this.#traffic = Number(new URL(traffic).port)
    this.#control = Number(new URL(control).port)
    this.app = { Host: '127.0.0.1', Port: appPort }
  }

  static async start(t: TestContext): Promise<Suite> {
    const env = {
      TOPSPIN_CONTROL_REMOVE_AFTER: '1s',
      TOPSPIN_CONTROL_LIMITS_CONTEXTS: String(contextsMax),
    }
    const proxy = await startServe(['--workers', '0'], env, { deadlineMs: 60_000 })
    t.after(() => proxy.child.kill('SIGKILL'))
    const app = await startNode(t, (_, response) => response.end('Fake App!'))
    return new Suite(proxy.traffic, proxy.control, app.port)
  }

  send(method: string, body: Pairs | string = '', target?: string): Promise<RawResponse> {
    const pairs = typeof body === 'string' ? body : write(body)
    return sendMessage(this.#control, method, pairs, target)
  }

  async ok(method: string, body?: Pairs | string, target?: string): Promise<string> {
    const reply = await this.send(method, body, target)
    const words = `${method} ${JSON.stringify(body)}: ${reply.fields.get('mess')}`
    assert.equal(reply.status, 'HTTP/1.1 200 OK', words)
    return reply.body
  }

  /** The Mess of an error, which has a Type and a body. */
  async fails(method: string, body?: Pairs | string, target?: string): Promise<string> {
    const reply = await this.send(method, body, target)
    assert.match(reply.status, / 500 /, `${method} ${JSON.stringify(body)}`)
    assert.match(reply.fields.get('type') ?? '', /^(SYNTAX|MEM)$/)
    assert.notEqual(reply.body, '')
    return reply.fields.get('mess') ?? ''
  }

  info = async () => readInfo(await this.ok('INFO'))
  dump = async () => readDump(await this.ok('DUMP'))

  /** How many nodes, hosts and contexts INFO has. */
  async counts(): Promise<string> {
    const { nodes, hosts, contexts } = await this.info()
    return `${nodes.length} ${hosts.length} ${contexts.length}`
  }

  async statuses(): Promise<string[]> {
    const { contexts } = await this.info()
    return [...new Set(contexts.map((row) => row.get('Status') ?? ''))]
  }

  async isServed(path: string): Promise<boolean> {
    const { status, text } = await get(this.#traffic, path)
    assert.ok(status === 200 || status >= 400, `${status}`)
    return status === 200 && text === 'Fake App!'
  }

  register = (route: string, more: Pairs = {}): Promise<string> =>
    this.ok('CONFIG', { JVMRoute: route, Type: 'http', ...this.app, ...more })

  remove = (route: string): Promise<string> => this.ok('REMOVE-APP', { JVMRoute: route }, all)
}

const write = (pairs: Pairs): string =>
  Object.entries(pairs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join('&')

const cannotParse =
  "SYNTAX: Can't parse MCMP message. It might have contained illegal symbols or unknown elements."

test('mcmp/version.t: name, version and protocol', async (t) => {
  const suite = await Suite.start(t)
  assert.match(
    await suite.ok('VERSION'),
    /^release: mod_(proxy_)?cluster\/\d+\.\d+\.\d+\.(Dev|Alpha\d|Beta\d|CR\d|Final), protocol: 0\.2\.1\n$/,
  )
})

test('mcmp/info.t: empty, then a node with all its values, then a context and an alias', async (t) => {
  const suite = await Suite.start(t)
  assert.equal(await suite.ok('INFO'), '')
  await suite.ok('CONFIG', { JVMRoute: 'fake-app', Scheme: 'http', ...suite.app })
  assert.equal(await suite.counts(), '1 0 0')
  const [node] = (await suite.info()).nodes
  assert.equal(node?.get('Name'), 'fake-app')
  assert.deepEqual(
    [...(node?.keys() ?? [])],
    'Node Name Balancer LBGroup Host Port Type Flushpackets Flushwait Ping Smax Ttl Elected Read Transfered Connected Load'.split(
      ' ',
    ),
  )
  await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app', Context: '/context', Alias: 'myalias' })
  assert.equal(await suite.counts(), '1 1 1')
  const { hosts, contexts } = await suite.info()
  assert.deepEqual([...(hosts[0]?.keys() ?? [])], ['Vhost', 'Alias'])
  assert.equal(hosts[0]?.get('Alias'), 'myalias')
  assert.deepEqual([...(contexts[0]?.keys() ?? [])], ['Context', 'Status'])
  assert.equal(contexts[0]?.get('Context'), '/context')
})

test('mcmp/dump.t: empty, then balancer, node, host and context with all their values', async (t) => {
  const suite = await Suite.start(t)
  assert.equal(await suite.ok('DUMP'), '')
  await suite.ok('CONFIG', { JVMRoute: 'fake-app', Scheme: 'http', ...suite.app })
  let dump = await suite.dump()
  const lengths = (): number[] =>
    [dump.balancers, dump.nodes, dump.hosts, dump.contexts].map((rows) => rows.length)
  assert.deepEqual(lengths(), [1, 1, 0, 0])
  await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app', Context: '/context', Alias: 'myalias' })
  dump = await suite.dump()
  assert.deepEqual(lengths(), [1, 1, 1, 1])
  const keys = (row: ReadonlyMap<string, string> | undefined): string => [...row!.keys()].join(' ')
  assert.equal(
    keys(dump.balancers[0]),
    'balancer Name Sticky Cookie Path remove force Timeout maxAttempts',
  )
  assert.equal(
    keys(dump.nodes[0]),
    'node Balancer JVMRoute LBGroup Host Port Type flushpackets flushwait ping smax ttl timeout',
  )
  assert.equal(keys(dump.hosts[0]), 'host alias vhost node')
  assert.equal(keys(dump.contexts[0]), 'context path vhost node status')
  assert.equal(dump.nodes[0]?.get('JVMRoute'), 'fake-app')
  assert.equal(dump.hosts[0]?.get('alias'), 'myalias')
  assert.equal(dump.contexts[0]?.get('path'), '/context')
})

test('mcmp/ping.t: itself, by route, by address; what is missing, wrong or unknown', async (t) => {
  const suite = await Suite.start(t)
  const { Host, Port } = suite.app
  await suite.ok('CONFIG', { JVMRoute: 'route', Port: 1 })
  await suite.register('route2')
  const state = (body?: Pairs): Promise<string> => suite.ok('PING', body)
  assert.match(await state(), /^Type=PING-RSP&State=OK&id=\d+\n$/)
  const byRoute = (route: string, word: string): RegExp =>
    new RegExp(`^Type=PING-RSP&JVMRoute=${route}&State=${word}&id=\\d+\n$`)
  assert.match(await state({ JVMRoute: 'route' }), byRoute('route', 'NOTOK'))
  assert.match(await state({ JVMRoute: 'route2' }), byRoute('route2', 'OK'))
  for (const Scheme of ['http', 'ws'])
    assert.match(await state({ Scheme, Host, Port }), /^Type=PING-RSP&State=OK&id=\d+\n$/)
  assert.match(
    await state({ JVMRoute: 'route', Scheme: 'http', Host, Port }),
    byRoute('route', 'NOTOK'),
  )
  assert.equal(
    await suite.fails('PING', { JVMRoute: 'nobody' }),
    'MEM: Can\'t read node with "nobody" JVMRoute',
  )
  for (const part of [
    { Scheme: 'http', Port },
    { Scheme: 'http', Host },
    { Host, Port },
  ])
    assert.equal(await suite.fails('PING', part), 'SYNTAX: Mandatory field(s) missing in message')
  assert.equal(
    await suite.fails('PING', { Scheme: 'udp', Host, Port }),
    'PING Unsupported scheme: udp',
  )
  for (const elsewhere of [
    { Scheme: 'ajp', Host, Port },
    { Scheme: 'http', Host: 'nonexisting.host', Port },
    { Scheme: 'http', Host, Port: 1234 },
  ])
    assert.match(await state(elsewhere), /^Type=PING-RSP&State=NOTOK&id=\d+\n$/)
})

test('mcmp/status.t: errors leave the load as it was', async (t) => {
  const suite = await Suite.start(t)
  await suite.register('fake-app')
  await suite.ok('CONFIG', { JVMRoute: 'host', Port: 1 })
  await suite.fails('STATUS')
  await suite.fails('STATUS', { JVMRoute: 'nobody' })
  assert.match(
    await suite.ok('STATUS', { JVMRoute: 'host' }),
    /^Type=STATUS-RSP&JVMRoute=host&State=(NOTOK|OK)&id=\d+\n$/,
  )
  const load = async (): Promise<string | undefined> =>
    (await suite.info()).nodes.find((row) => row.get('Name') === 'fake-app')?.get('Load')
  const good = /^Type=STATUS-RSP&JVMRoute=fake-app&State=OK&id=\d+\n$/
  assert.match(await suite.ok('STATUS', { JVMRoute: 'fake-app' }), good)
  for (const Load of [0, 100, -1, 50]) {
    assert.match(await suite.ok('STATUS', { JVMRoute: 'fake-app', Load }), good)
    assert.equal(await load(), String(Load))
  }
  for (const Load of [101, -2]) {
    await suite.fails('STATUS', { JVMRoute: 'fake-app', Load })
    assert.equal(await load(), '50')
  }
})

test('mcmp/config.t: failed ones leave no node', async (t) => {
  const suite = await Suite.start(t)
  for (const bad of ['', { JVMRoute: 'r', Context: '/c' }, { JVMRoute: 'r', Alias: 'a' }]) {
    await suite.fails('CONFIG', bad)
    assert.equal(await suite.counts(), '0 0 0')
  }
  await suite.ok('CONFIG', { JVMRoute: 'r' })
  assert.equal(await suite.counts(), '1 0 0')
})

test('mcmp/config.t: some parameters change in place, others are an identity; the application stays', async (t) => {
  const suite = await Suite.start(t)
  await suite.register('fake-app')
  assert.equal(await suite.isServed('/news'), false)
  await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app', Context: '/news', Alias: 'myalias' })
  assert.equal(await suite.isServed('/news'), true)
  const changing: Pairs = {
    Flushpackets: 'on',
    Flushwait: 30_000,
    Ping: 15,
    Timeout: 10,
    StickySession: 'no',
    StickySessionCookie: 'MYCOOKIE',
    StickySessionPath: 'mycookie',
    StickySessionRemove: 'yes',
    StickySessionForce: 'no',
    WaitWorker: 5,
    MaxAttempts: 3,
    Domain: 'example.com',
  }
  for (const [name, value] of Object.entries(changing)) {
    await suite.register('fake-app', { [name]: value })
    assert.equal(await suite.isServed('/news'), true, name)
  }
  const identity: Pairs = {
    Balancer: 'myotherbalancer',
    Host: 'myhost',
    Port: 8888,
    Type: 'ajp',
    Reversed: 'yes',
    Smax: 5,
    Ttl: 72,
  }
  for (const [name, value] of Object.entries(identity)) {
    const pairs = { JVMRoute: 'fake-app', Type: 'http', ...suite.app, [name]: value }
    assert.equal(
      await suite.fails('CONFIG', pairs),
      'MEM: Node with "fake-app" JVMRoute already exists',
    )
    assert.equal(await suite.isServed('/news'), true, name)
  }
})

test('mcmp/config.t: contexts come STOPPED, as lists and as repeated keys', async (t) => {
  const suite = await Suite.start(t)
  const { Host, Port } = suite.app
  const node = `JVMRoute=fake-app&Type=http&Host=${Host}&Port=${Port}`
  for (const body of [
    `${node}&Alias=news.example.com,myhost,example.com&Context=/first,/news,/last`,
    `${node}&Context=/first&Context=/news&Alias=news.example.com&Alias=myhost&Alias=example.com&Context=/last`,
  ]) {
    await suite.ok('CONFIG', body)
    assert.equal(await suite.counts(), '1 3 9')
    assert.deepEqual(await suite.statuses(), ['STOPPED'])
    for (const path of ['/first', '/news', '/last'])
      assert.equal(await suite.isServed(path), false, path)
    await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app' }, all)
    for (const path of ['/first', '/news', '/last'])
      assert.equal(await suite.isServed(path), true, path)
    await suite.remove('fake-app')
    assert.equal(await suite.isServed('/news'), false)
  }
})

const paths: readonly string[] = Array.from({ length: contextsMax + 1 }, (_, i) => `/context${i}`)

test('mcmp/config.t: one context too many is named, and the others are there', async (t) => {
  const suite = await Suite.start(t)
  const Context = paths.join(',')
  const more = { Type: 'http', ...suite.app, Context, Alias: 'localhost' }
  const mess = await suite.fails('CONFIG', { JVMRoute: 'fake-app', ...more })
  assert.match(mess, /\(\/context100 and alias:/)
  assert.doesNotMatch(mess, /\(\/context\d\d? and alias:/)
  await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app' }, all)
  assert.equal(await suite.counts(), `1 1 ${contextsMax}`)
  for (const path of paths) assert.equal(await suite.isServed(path), path !== '/context100', path)
})

const commands = ['ENABLE-APP', 'DISABLE-APP', 'STOP-APP', 'REMOVE-APP']

test('mcmp/app.t: without a context, an alias or a node it is an error', async (t) => {
  const suite = await Suite.start(t)
  for (const command of commands) {
    const failure = (more: Pairs): Promise<string> =>
      suite.fails(command, { JVMRoute: 'no-app', ...more })
    assert.equal(await failure({}), 'SYNTAX: No Context and Alias in APP command')
    assert.equal(await failure({ Context: 'c' }), 'SYNTAX: Context without Alias')
    assert.equal(await failure({ Alias: 'a' }), 'SYNTAX: Alias without Context')
    assert.equal(
      await failure({ Alias: 'a', Context: 'c' }),
      'MEM: Can\'t read node with "no-app" JVMRoute',
    )
  }
})

test('mcmp/app.t: what each command does to one context', async (t) => {
  const suite = await Suite.start(t)
  const one = { JVMRoute: 'fake-app', Context: '/news', Alias: 'localhost' }
  await suite.register('fake-app')
  const after = async (command: string): Promise<string> => {
    assert.match(await suite.ok(command, one), new RegExp(`${command}-RSP`))
    const served = (await suite.isServed('/news')) ? 'served' : 'refused'
    return `${await suite.counts()} ${(await suite.statuses()).join()} ${served}`
  }
  assert.equal(await suite.isServed('/news'), false)
  assert.equal(await after('ENABLE-APP'), '1 1 1 ENABLED served')
  assert.equal(await after('DISABLE-APP'), '1 1 1 DISABLED refused')
  assert.equal(await after('STOP-APP'), '1 1 1 STOPPED refused')
  assert.equal(await after('ENABLE-APP'), '1 1 1 ENABLED served')
  assert.equal(await after('REMOVE-APP'), '1 0 0  refused')
  assert.equal(await after('DISABLE-APP'), '1 1 1 DISABLED refused', 'made when missing')
  assert.equal(await after('REMOVE-APP'), '1 0 0  refused')
  assert.equal(await after('STOP-APP'), '1 1 1 STOPPED refused', 'made when missing')
  assert.equal(await after('REMOVE-APP'), '1 0 0  refused')
  assert.equal(await after('REMOVE-APP'), '1 0 0  refused', 'nothing to remove is fine')
})

test('mcmp/app.t: what each command does to a whole node, and the phases of its removal', async (t) => {
  const suite = await Suite.start(t)
  await suite.register('fake-app')
  const lists = { JVMRoute: 'fake-app', Context: '/one,/two', Alias: 'localhost,example.com' }
  await suite.ok('ENABLE-APP', lists)
  for (const [command, status] of [
    ['DISABLE-APP', 'DISABLED'],
    ['STOP-APP', 'STOPPED'],
    ['ENABLE-APP', 'ENABLED'],
  ] as const) {
    assert.equal(await suite.ok(command, { JVMRoute: 'fake-app' }, all), '')
    assert.equal(await suite.counts(), '1 2 4')
    assert.deepEqual(await suite.statuses(), [status])
  }
  await suite.remove('fake-app')
  assert.equal(await suite.counts(), '1 0 0')
  const name = async (): Promise<string | undefined> => (await suite.info()).nodes[0]?.get('Name')
  assert.equal(await name(), 'fake-app')
  await until('it is shown as REMOVED', async () => (await name()) === 'REMOVED')
  await suite.register('fake-app')
  assert.equal(await suite.counts(), '1 0 0', 'in the place of the one that was removed')
  assert.equal(await name(), 'fake-app')
})

test('mcmp/app.t: lists, repeated keys and single commands come to the same', async (t) => {
  const suite = await Suite.start(t)
  const aliases = ['news.example.com', 'myhost', 'example.com']
  const contexts = ['/first', '/news', '/last']
  const enable = (body: Pairs | string): Promise<string> => suite.ok('ENABLE-APP', body)
  const ways = [
    () => enable({ JVMRoute: 'fake-app', Context: contexts.join(), Alias: aliases.join() }),
    () =>
      enable(
        'JVMRoute=fake-app&Context=/first&Context=/news&Alias=news.example.com&Alias=myhost&Alias=example.com&Context=/last',
      ),
    async () => {
      for (const Alias of aliases)
        for (const Context of contexts) await enable({ JVMRoute: 'fake-app', Context, Alias })
    },
  ]
  for (const way of ways) {
    await suite.register('fake-app')
    await suite.ok('STATUS', { JVMRoute: 'fake-app', Load: 100 })
    assert.equal(await suite.counts(), '1 0 0')
    assert.equal(await suite.isServed('/news'), false)
    await way()
    assert.equal(await suite.counts(), '1 3 9')
    for (const path of contexts) assert.equal(await suite.isServed(path), true)
    await suite.remove('fake-app')
  }
})

test('mcmp/app.t: one context too many is missing from the answer, which is a success', async (t) => {
  const suite = await Suite.start(t)
  await suite.register('fake-app')
  const Context = paths.join(',')
  const body = await suite.ok('ENABLE-APP', { JVMRoute: 'fake-app', Context, Alias: 'localhost' })
  assert.doesNotMatch(body, /context100/)
  for (const path of paths.slice(0, -1)) assert.match(body, new RegExp(`${path}(,|\n)`))
  for (const path of ['/context0', '/context50', '/context99'])
    assert.equal(await suite.isServed(path), true)
  assert.equal(await suite.isServed('/context100'), false)
})

test('mod_proxy_cluster/config_time_params.t: defaults, own values, negative ones', async (t) => {
  const suite = await Suite.start(t)
  const times = async (): Promise<string> => {
    const [node] = (await suite.dump()).nodes
    return ['flushwait', 'ttl', 'ping', 'timeout'].map((name) => node?.get(name)).join()
  }
  assert.equal(await suite.ok('CONFIG', { JVMRoute: 'test-time' }), '')
  assert.equal(await times(), '10,60,10,0')
  await suite.remove('test-time')
  const own = { flushwait: 25, ttl: 30, ping: 65, timeout: 10 }
  assert.equal(await suite.ok('CONFIG', { JVMRoute: 'test-time', ...own }), '')
  assert.equal(await times(), '25,30,65,10')
  await suite.remove('test-time')
  await until('it is gone', async () => (await suite.counts()) === '0 0 0')
  for (const [name, words] of [
    ['flushwait', 'Flushwait'],
    ['ttl', 'TTL'],
    ['ping', 'Ping'],
    ['timeout', 'Timeout'],
  ] as const) {
    const mess = await suite.fails('CONFIG', { JVMRoute: 'test-time', [name]: -30 })
    assert.equal(mess, `SYNTAX: ${words} field has bad value`)
    assert.equal(await suite.counts(), '0 0 0')
  }
})

test('mod_proxy_cluster/messages_config_nok.t: the limits of each field, and the words', async (t) => {
  const suite = await Suite.start(t)
  assert.equal(await suite.fails('CONFIG'), cannotParse)
  assert.equal(await suite.fails('CONFIG', 'JVMRoute='), cannotParse)
  const limits = [
    ['Alias', 254, 'Alias field too big'],
    ['Context', 79, 'Context field too big'],
    ['Balancer', 39, 'Balancer field too big'],
    ['JVMRoute', 63, 'JVMRoute field too big'],
    ['Domain', 19, 'LBGroup field too big'],
    ['Host', 63, 'Host field too big'],
    ['Port', 6, 'Port field too big'],
    ['Type', 15, 'Type field too big'],
    ['StickySessionCookie', 29, 'A field is too big'],
    ['StickySessionPath', 29, 'A field is too big'],
  ] as const
  for (const [name, most, words] of limits) {
    const pairs = { JVMRoute: 'spare', [name]: 'x'.repeat(most + 2) }
    assert.equal(await suite.fails('CONFIG', pairs), `SYNTAX: ${words}`)
    assert.equal(await suite.counts(), '0 0 0')
    const least = { JVMRoute: 'spare', [name]: 'x'.repeat(most + 1) }
    assert.equal(await suite.fails('CONFIG', least), `SYNTAX: ${words}`)
  }
  for (const [name, most] of limits) {
    if (name === 'Port') continue
    const pair = name === 'Alias' ? { Context: '/c' } : name === 'Context' ? { Alias: 'a' } : {}
    const fits = { JVMRoute: 'spare', ...pair, [name]: 'x'.repeat(most) }
    await suite.ok('CONFIG', fits)
    await suite.remove(String(fits.JVMRoute))
  }
})

test('mod_proxy_cluster/messages_nok.t: STATUS of nobody', async (t) => {
  const suite = await Suite.start(t)
  const typed = async (body: string): Promise<string> => {
    const { fields } = await suite.send('STATUS', body)
    return `${fields.get('type')}|${fields.get('mess')}|${fields.get('version')}`
  }
  assert.equal(await typed(''), 'SYNTAX|SYNTAX: Invalid field "" in message|0.2.1')
  assert.equal(
    await typed('JVMRoute=nonexistent'),
    'MEM|MEM: Can\'t read node with "nonexistent" JVMRoute|0.2.1',
  )
})

test('mod_proxy_cluster/messages_ok.t: the happy path of every command', async (t) => {
  const suite = await Suite.start(t)
  const routes = ['next', 'spare']
  for (const [i, JVMRoute] of routes.entries())
    assert.equal(await suite.ok('CONFIG', { JVMRoute, port: 9900 + i }), '')
  const keys = (text: string): string =>
    text
      .trim()
      .split('&')
      .map((pair) => pair.split('=', 1)[0])
      .sort()
      .join()
  for (const JVMRoute of routes) {
    assert.equal(keys(await suite.ok('STATUS', { JVMRoute })), 'JVMRoute,State,Type,id')
    assert.equal(keys(await suite.ok('PING', { JVMRoute })), 'JVMRoute,State,Type,id')
  }
  assert.equal(keys(await suite.ok('PING')), 'State,Type,id')
  assert.deepEqual(
    (await suite.info()).nodes.map((row) => row.get('Name')),
    routes,
  )
  const [balancer, ...others] = (await suite.dump()).balancers
  assert.equal(others.length, 0)
  const { Name, Cookie, Path } = Object.fromEntries(balancer ?? [])
  assert.deepEqual(
    { Name, Cookie, Path },
    { Name: 'mycluster', Cookie: 'JSESSIONID', Path: 'jsessionid' },
  )

  await suite.register('app')
  const one = { JVMRoute: 'app', Context: '/news', Alias: '127.0.0.1' }
  for (const [command, status, number] of [
    ['ENABLE-APP', 'ENABLED', '1'],
    ['DISABLE-APP', 'DISABLED', '2'],
    ['STOP-APP', 'STOPPED', '3'],
  ] as const) {
    const reply = await suite.ok(command, one)
    if (command === 'STOP-APP') assert.equal(keys(reply), 'Alias,Context,JvmRoute,Requests,Type')
    assert.equal(await suite.isServed('/news'), command === 'ENABLE-APP')
    assert.equal(await suite.counts(), '3 1 1')
    assert.deepEqual(await suite.statuses(), [status])
    const { hosts, contexts } = await suite.dump()
    assert.equal(contexts[0]?.get('status'), number)
    assert.equal(contexts[0]?.get('vhost'), hosts[0]?.get('vhost'))
    assert.equal(hosts[0]?.get('alias'), '127.0.0.1')
  }
  await suite.ok('REMOVE-APP', one)
  assert.equal(await suite.counts(), '3 0 0')
})

test('issues/GH-issue-329.t: lists and repeated keys of CONFIG in any order', async (t) => {
  const suite = await Suite.start(t)
  for (const body of [
    'Alias=testalias,example&Context=/news,/test&JVMRoute=issue-329',
    'JVMRoute=issue-329&Alias=testalias&Context=/news,/test&Alias=example',
    'JVMRoute=issue-329&Alias=testalias&Context=/news&Alias=example&Context=/test',
  ]) {
    await suite.ok('CONFIG', body)
    assert.equal(await suite.counts(), '1 2 4')
    const { hosts, contexts } = await suite.info()
    assert.deepEqual(
      hosts.map((row) => row.get('Alias')),
      ['testalias', 'example'],
    )
    assert.deepEqual(
      contexts.map((row) => row.get('Context')),
      ['/news', '/test', '/news', '/test'],
    )
    await suite.remove('issue-329')
  }
})

test('issues/MODCLUSTER-824.t: overlapping sets of aliases grow together, and go with their node', async (t) => {
  const suite = await Suite.start(t)
  await suite.ok('CONFIG', { JVMRoute: 'm824' })
  for (const [Alias, hosts] of [
    ['gamma,testalias', 2],
    ['beta,testalias', 3],
    ['completely,unrelated', 5],
  ] as const) {
    await suite.ok('ENABLE-APP', { JVMRoute: 'm824', Context: '/news', Alias })
    assert.equal(await suite.counts(), `1 ${hosts} ${hosts}`)
  }
  await suite.remove('m824')
  await until('all is gone', async () => (await suite.counts()) === '0 0 0')
})
