// What operators order by command, page or message outlives the registrations of the node and the process of the proxy.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { sendMessage } from '../../support/control-client.ts'
import { makeFolder } from '../../support/folder.ts'
import { freePorts } from '../../support/free-ports.ts'
import { get, startNode } from '../../support/node-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startServe, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Place {
  readonly traffic: number
  readonly control: number
  readonly state: string
}

async function freePlace(): Promise<Place> {
  const folder = makeFolder()
  const [traffic = 0, control = 0] = await freePorts(2)
  return { traffic, control, state: join(folder, 'state') }
}

async function serve(t: TestContext, { traffic, control, state }: Place, workers = 2) {
  const proxy = await startServe(
    ['--workers', String(workers), '--state', state],
    {},
    {
      listen: `127.0.0.1:${traffic}`,
      control: `127.0.0.1:${control}`,
      deadlineMs: 60_000,
    },
  )
  t.after(() => proxy.child.kill('SIGKILL'))
  return proxy
}

async function joined(
  t: TestContext,
  { control }: Place,
  server: Parameters<typeof joinCluster>[0],
) {
  const agent = await joinCluster(server, {
    route: 'shop-a',
    proxies: [`127.0.0.1:${control}`],
    contexts: ['/'],
    reportIntervalMs: 200,
  })
  t.after(() => agent.close())
  await until('it is registered', async () => (await statusesOf(control)).length > 0)
  return agent
}

const reportOf = async (control: number): Promise<StatusReport> =>
  JSON.parse((await get(control, '/api/status')).text)

/** `effective own order` of each context. */
async function statusesOf(control: number): Promise<string[]> {
  const { nodes } = await reportOf(control)
  return nodes
    .filter(({ removal }) => removal === 'none')
    .flatMap(({ contexts }) => contexts)
    .map(({ status, own = status, order }) => `${status} ${own} ${order ?? '-'}`)
}

/** The statuses of many requests over new connections, which all workers accept. */
async function answers(port: number, headers: Record<string, string> = {}): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < 20; i++) {
    const { status } = await get(port, '/', { connection: 'close', ...headers })
    if (!all.includes(status)) all.push(status)
  }
  return all
}

test('topspin disable outlives the restart of node and proxy, until topspin enable', async (t) => {
  const place = await freePlace()
  const { traffic, control } = place
  const command = (...words: readonly string[]) =>
    topspin(...words, '--control', `127.0.0.1:${control}`)
  let proxy = await serve(t, place)
  const node = await startNode(t)
  let agent = await joined(t, place, node.server)
  const session = { cookie: 'JSESSIONID=s.shop-a' }
  const isDisabled = async (): Promise<void> => {
    assert.deepEqual(await statusesOf(control), ['DISABLED ENABLED DISABLED'])
    assert.deepEqual(await answers(traffic), [503])
    assert.deepEqual(await answers(traffic, session), [200])
  }

  const disabled = await command('disable', 'shop-a')
  assert.equal(disabled.stdout, 'shop-a: DISABLED /\n', disabled.stderr)
  await isDisabled()

  await agent.close()
  const { orders } = await reportOf(control)
  assert.deepEqual(orders, [{ route: 'shop-a', node: 'DISABLED', contexts: [] }])
  assert.match((await command('status')).stdout, /shop-a is not registered; .*: DISABLED\n/)
  const again = await startNode(t)
  agent = await joined(t, place, again.server)
  await isDisabled()

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    proxy.child.kill(signal)
    await proxy.ended
    proxy = await serve(t, place)
    await until('the node has reported', async () => {
      const [row] = (await reportOf(control)).nodes
      return row?.unconfirmed === false && row.statusAgeMs !== null
    })
    await isDisabled()
  }
  const explained = await command('explain', 'http://localhost/')
  assert.match(explained.stdout, /shop-a +DISABLED \(operator; node: ENABLED\)/)

  const enabled = await command('enable', 'shop-a')
  assert.equal(enabled.stdout, 'shop-a: ENABLED /\n', enabled.stderr)
  assert.deepEqual(await answers(traffic), [200])
  assert.deepEqual((await reportOf(control)).orders, [])
})

test('topspin enable leaves what the node itself has stopped', async (t) => {
  const place = await freePlace()
  const { control } = place
  await serve(t, place, 0)
  const node = await startNode(t)
  const agent = await joined(t, place, node.server)
  await agent.drain('/')
  assert.deepEqual(await statusesOf(control), ['STOPPED STOPPED -'])
  const enabled = await topspin('enable', 'shop-a', '--control', `127.0.0.1:${control}`)
  assert.equal(
    enabled.stdout,
    'shop-a: STOPPED /; enable ends orders of operators only, and the node itself has set the rest\n',
  )
  await agent.enable('/')
  assert.deepEqual(await statusesOf(control), ['ENABLED ENABLED -'])
})

test('an order can be ended while the node is not registered', async (t) => {
  const place = await freePlace()
  const { traffic, control } = place
  await serve(t, place, 0)
  const node = await startNode(t)
  const agent = await joined(t, place, node.server)
  const command = (...words: readonly string[]) =>
    topspin(...words, '--control', `127.0.0.1:${control}`)
  assert.equal((await command('stop', 'shop-a')).code, 0)
  assert.deepEqual(await answers(traffic), [503])
  await agent.close()
  const enabled = await command('enable', 'shop-a')
  assert.equal(enabled.stdout, 'shop-a: not registered; order changed\n', enabled.stderr)
  assert.equal((await command('enable', 'shop-a')).code, 1)
  const again = await startNode(t)
  await joined(t, place, again.server)
  await until('it serves', async () => (await get(traffic, '/')).status === 200)
})

test('a message from another address than the node is an operator’s, and so is the page', async (t) => {
  const place = await freePlace()
  const { traffic, control } = place
  await serve(t, place, 0)
  const node = await startNode(t)
  const register = async (): Promise<void> => {
    await sendMessage(control, 'CONFIG', `JVMRoute=r&Host=127.0.0.1&Port=${node.port}&Type=http`)
    await sendMessage(control, 'ENABLE-APP', 'JVMRoute=r&Alias=localhost&Context=/')
  }
  const elsewhere = async (method: string): Promise<void> => {
    const client = await RawClient.connect(t, control, undefined, '127.0.0.2')
    const body = 'JVMRoute=r&Alias=localhost&Context=/'
    client.send(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    assert.equal((await client.answer())?.status, 200)
    client.socket.destroy()
  }
  await register()
  await elsewhere('STOP-APP')
  assert.deepEqual(await statusesOf(control), ['STOPPED ENABLED STOPPED'])
  assert.match((await sendMessage(control, 'INFO')).body, /Own: ENABLED, Operator: STOPPED/)
  await register()
  assert.deepEqual(await answers(traffic), [503])
  await elsewhere('ENABLE-APP')
  assert.deepEqual(await answers(traffic), [200])

  await sendMessage(control, 'STOP-APP', 'JVMRoute=r&Alias=localhost&Context=/')
  assert.deepEqual(await statusesOf(control), ['STOPPED STOPPED -'])
  await register()
  const page = await get(control, '/mod_cluster-manager')
  const [, token = ''] = /name="nonce" value="([0-9a-f-]{36})"/.exec(page.text) ?? []
  const disable = 'Cmd=DISABLE-APP&Range=CONTEXT&JVMRoute=r&Alias=localhost&Context=/'
  const done = await fetch(`http://127.0.0.1:${control}/mod_cluster-manager?${disable}`, {
    method: 'POST',
    body: `nonce=${token}`,
    redirect: 'manual',
  })
  assert.equal(done.status, 303)
  await register()
  assert.deepEqual(await statusesOf(control), ['DISABLED ENABLED DISABLED'])
  const after = await get(control, '/mod_cluster-manager')
  assert.match(after.text, /\/, Status: DISABLED Request: 0 .*DISABLED \(operator; node: ENABLED\)/)
})
