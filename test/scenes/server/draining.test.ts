// Draining by control messages: DISABLE keeps sessions, STOP counts the requests in flight on the contexts that it
// names and on no others.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { sendMessage } from '../../support/control-client.ts'
import { get } from '../../support/node-server.ts'
import { RawClient, get as rawGet } from '../../support/raw-client.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

async function start(t: TestContext) {
  const proxy = await startServe(['--workers', '0'], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = (url: string): number => Number(new URL(url).port)
  return { traffic: port(proxy.traffic), control: port(proxy.control) }
}

/** Answers at once, but for paths that end in `/slow`, and upgrades to anything. */
async function startApplication(t: TestContext) {
  const slow: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/slow') === true) slow.push(response)
    else response.end('done')
  })
  server.on('upgrade', (_request, socket) => {
    socket.resume().on('end', () => socket.end())
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, slow, port: (server.address() as AddressInfo).port }
}

test('STOP of each context of a node replies with the requests in flight on that context', async (t) => {
  const { traffic, control } = await start(t)
  const { slow, port } = await startApplication(t)
  await sendMessage(control, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${port}&Type=http`)
  await sendMessage(control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/a,/b')
  const asked = ['/a/slow', '/a/slow', '/b/slow'].map((path) => get(traffic, path))
  await until('all are under way', () => slow.length === 3)
  const disabled = await sendMessage(
    control,
    'DISABLE-APP',
    'JVMRoute=a&Alias=localhost&Context=/a',
  )
  assert.match(disabled.status, / 200 /)
  const mine = { cookie: 'JSESSIONID=x.a' }
  assert.equal((await get(traffic, '/a', mine)).status, 200)
  assert.equal((await get(traffic, '/a')).status, 503)
  assert.equal((await get(traffic, '/b')).status, 200)

  const stop = async (path: string): Promise<number> => {
    const { body } = await sendMessage(
      control,
      'STOP-APP',
      `JVMRoute=a&Alias=localhost&Context=${path}`,
    )
    return Number(/&Requests=(\d+)\n$/.exec(body)?.[1])
  }
  assert.equal(await stop('/a'), 2)
  assert.equal((await get(traffic, '/a', mine)).status, 503)
  const ofA = slow.filter((response) => response.req.url === '/a/slow')
  ofA[0]?.end('answered')
  await Promise.race([asked[0], asked[1]])
  assert.equal(await stop('/a'), 1)
  ofA[1]?.end('answered')
  await Promise.all([asked[0], asked[1]])
  assert.equal(await stop('/a'), 0, 'what is in flight on /b does not hold /a up')
  assert.equal(await stop('/a,/b'), 1)
  for (const response of slow) response.end('answered')
  for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200)
  assert.equal(await stop('/b'), 0)
})

test('sessions of a node are counted by its requests', async (t) => {
  const { traffic, control } = await start(t)
  const { port } = await startApplication(t)
  await sendMessage(control, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${port}&Type=http`)
  await sendMessage(control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  for (const id of ['s1.a', 's2.a', 's1.a', 'stranger.b', '']) {
    await get(traffic, '/', { cookie: `JSESSIONID=${id}` })
  }
  const { nodes } = JSON.parse((await get(control, '/api/status')).text)
  assert.equal(nodes[0].sessions, 2)
  assert.match((await get(control, '/metrics')).text, /^topspin_node_sessions\{.*\} 2$/m)
})

test('a tunnel is in flight as long as it is open', async (t) => {
  const { traffic, control } = await start(t)
  const { port } = await startApplication(t)
  await sendMessage(control, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${port}&Type=http`)
  await sendMessage(control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/a')
  const client = await RawClient.connect(t, traffic)
  client.send(rawGet('/a', 'Connection: Upgrade', 'Upgrade: x'))
  assert.equal((await client.answer())?.status, 101)
  const requests = async (): Promise<string> =>
    (await sendMessage(control, 'STOP-APP', 'JVMRoute=a&Alias=localhost&Context=/a')).body
  assert.match(await requests(), /&Requests=1\n$/)
  client.socket.destroy()
  await until('the tunnel is closed', async () => / *&Requests=0\n$/.test(await requests()))
})

test('a redeploy under load waits for requests of that application alone', async (t) => {
  const { traffic, control } = await start(t)
  const { server, slow } = await startApplication(t)
  const agent = await joinCluster(server, {
    route: 'a',
    proxies: [`127.0.0.1:${control}`],
    contexts: ['/old', '/busy'],
    drain: { deadlineMs: 30_000 },
  })
  t.after(() => agent.close())
  const last = get(traffic, '/old/slow')
  await until('it is under way', () => slow.length === 1)
  const statuses: number[] = []
  let isBusy = true
  const clients = Array.from({ length: 4 }, async () => {
    while (isBusy) statuses.push((await get(traffic, '/busy')).status)
  })
  let drained = false
  const draining = agent.drain('/old').then(() => {
    drained = true
  })
  await until('it is stopped', async () => (await get(traffic, '/old')).status === 503)
  assert.equal(drained, false)
  slow[0]?.end('the last')
  assert.equal((await last).text, 'the last')
  await draining
  await agent.remove('/old')
  assert.equal((await get(traffic, '/old')).status, 404)
  await agent.enable('/old')
  assert.equal((await get(traffic, '/old')).status, 200)
  isBusy = false
  await Promise.all(clients)
  assert.ok(statuses.length > 0 && statuses.every((status) => status === 200))
})
