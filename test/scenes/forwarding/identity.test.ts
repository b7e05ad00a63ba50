// Who is who: nodes that come back elsewhere, two that claim one name or one address, one path in several
// balancers (mcmp.md 2.2, decisions 30 to 36), over the wire and as clients notice it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type RawResponse, sendMessage } from '../../support/control-client.ts'
import { readInfo } from '../../support/mcmp-tables.ts'
import { get, type NodeServer, startNode } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'

interface Proxy {
  readonly traffic: number
  config(route: string, port: number, more?: string): Promise<RawResponse>
  ok(method: string, body: string): Promise<string>
  /** Who answers, or the status. */
  who(route?: string, path?: string): Promise<string>
}

async function start(t: TestContext): Promise<Proxy> {
  const serve = await startServe(['--workers', '0'], {}, { deadlineMs: 60_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const port = (url: string): number => Number(new URL(url).port)
  const [traffic, control] = [port(serve.traffic), port(serve.control)]
  return {
    traffic,
    config: (route, port, more = '') =>
      sendMessage(
        control,
        'CONFIG',
        `JVMRoute=${route}&Host=127.0.0.1&Port=${port}&Type=http${more}`,
      ),
    async ok(method, body) {
      const reply = await sendMessage(control, method, body)
      assert.match(reply.status, / 200 /, reply.fields.get('mess'))
      return reply.body
    },
    async who(route, path = '/') {
      const headers = route === undefined ? {} : { cookie: `JSESSIONID=x.${route}` }
      const { status, text } = await get(traffic, path, headers)
      return status === 200 ? text : String(status)
    },
  }
}

const named = (t: TestContext, name: string): Promise<NodeServer> =>
  startNode(t, (_, response) => response.end(name))

async function die({ server }: NodeServer): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const context = (route: string, path = '/'): string =>
  `JVMRoute=${route}&Alias=localhost&Context=${path}`

test('a node that restarts on another port serves its contexts and sessions at once', async (t) => {
  const proxy = await start(t)
  const first = await named(t, 'first')
  await proxy.config('a', first.port)
  await proxy.ok('ENABLE-APP', context('a', '/,/shop'))
  await proxy.ok('STATUS', 'JVMRoute=a&Load=70')
  assert.equal(await proxy.who('a'), 'first')
  await die(first)
  const second = await named(t, 'second')
  assert.match((await proxy.config('a', second.port)).status, / 200 /)
  assert.equal(await proxy.who('a'), 'second')
  assert.equal(await proxy.who('a', '/shop'), 'second')
  const { nodes, contexts } = readInfo(await proxy.ok('INFO', ''))
  assert.deepEqual(
    nodes.map((node) => `${node.get('Name')} ${node.get('Port')}`),
    [`a ${second.port}`],
  )
  assert.equal(contexts.length, 2)
})

test('a second node with the name of a live one is refused, and nothing changes', async (t) => {
  const proxy = await start(t)
  const [first, second] = [await named(t, 'first'), await named(t, 'second')]
  await proxy.config('a', first.port)
  await proxy.ok('ENABLE-APP', context('a'))
  for (let round = 0; round < 2; round++) {
    const { fields } = await proxy.config('a', second.port)
    assert.equal(fields.get('type'), 'MEM')
    assert.equal(fields.get('mess'), 'MEM: Node with "a" JVMRoute already exists')
    assert.equal(await proxy.who('a'), 'first')
  }
  const { fields } = await proxy.config('b', first.port)
  assert.equal(fields.get('mess'), 'MEM: Another for the same worker already exist')
})

test('a node that repeats its CONFIG keeps contexts and load, and may change all but its identity', async (t) => {
  const proxy = await start(t)
  const node = await named(t, 'a')
  await proxy.config('a', node.port)
  await proxy.ok('ENABLE-APP', context('a'))
  await proxy.ok('STATUS', 'JVMRoute=a&Load=70')
  await proxy.config('a', node.port, '&Domain=east&Timeout=5')
  assert.equal(await proxy.who(), 'a')
  const [row] = readInfo(await proxy.ok('INFO', '')).nodes
  assert.deepEqual([row?.get('LBGroup'), row?.get('Load')], ['east', '70'])
  await proxy.config('a', node.port, '&Alias=localhost&Context=/')
  assert.equal(await proxy.who(), '503', 'contexts that come with CONFIG are stopped')
})

test('two versions of an application under one path: each session stays with its own', async (t) => {
  const proxy = await start(t)
  for (const [route, balancer] of [
    ['old', 'one'],
    ['new', 'two'],
  ] as const) {
    const node = await named(t, route)
    await proxy.config(route, node.port, `&Balancer=${balancer}`)
    await proxy.ok('ENABLE-APP', context(route, '/app'))
    await proxy.ok('STATUS', `JVMRoute=${route}&Load=100`)
  }
  for (let i = 0; i < 3; i++) {
    assert.equal(await proxy.who('old', '/app'), 'old')
    assert.equal(await proxy.who('new', '/app'), 'new')
  }
  await proxy.ok('DISABLE-APP', context('old', '/app'))
  assert.equal(await proxy.who('old', '/app'), 'old')
  assert.equal(await proxy.who('new', '/app'), 'new')
  assert.equal(await proxy.who(undefined, '/app'), 'new', 'no new session for the old one')
})

test('two versions on two nodes of one balancer: the old one keeps its sessions until it is removed', async (t) => {
  const proxy = await start(t)
  for (const route of ['old', 'new']) {
    const node = await named(t, route)
    await proxy.config(route, node.port, '&StickySessionForce=No')
    await proxy.ok('ENABLE-APP', context(route, '/app'))
    await proxy.ok('STATUS', `JVMRoute=${route}&Load=100`)
  }
  await proxy.ok('DISABLE-APP', context('old', '/app'))
  for (let i = 0; i < 4; i++) assert.equal(await proxy.who(undefined, '/app'), 'new')
  assert.equal(await proxy.who('old', '/app'), 'old')
  await proxy.ok('REMOVE-APP', context('old', '/app'))
  assert.equal(await proxy.who('old', '/app'), 'new')
})
