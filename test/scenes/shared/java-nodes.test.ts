// A Java node and two proxies that share a registry: it registers with one and drains by the other, with messages as
// WildFly sends them, which count no changes.

import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { exchange, parseResponses } from '../../support/control-client.ts'
import { ask, type FleetProxy, joined, startFleetProxy } from '../../support/fleet.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

const shop = 'JVMRoute=wildfly-1&Alias=localhost&Context=%2Fshop'

/** The body of a reply, which must be a 200. */
async function send(
  proxy: FleetProxy,
  method: string,
  body: string,
  target = '/',
): Promise<string> {
  const port = Number(new URL(proxy.control).port)
  const head = `${method} ${target} HTTP/1.1\r\nHost: \r\nUser-Agent: ClusterListener/1.0\r\n`
  const text = await exchange(port, [`${head}Content-Length: ${body.length}\r\n\r\n${body}`])
  const [reply] = parseResponses(text)
  assert.match(reply?.status ?? '', / 200 /, text)
  return reply?.body ?? ''
}

test('a Java node registers with one proxy and drains by the other', {
  skip: noNats,
}, async (t) => {
  const nats = await startNats(1)
  t.after(() => nats.close())
  const a = await startFleetProxy(t, 'front-a', nats.urls)
  const b = await startFleetProxy(t, 'front-b', nats.urls)
  await joined([a, b])
  const held: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url === '/shop/slow') held.push(response)
    else response.end('shop')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo

  await send(a, 'CONFIG', `JVMRoute=wildfly-1&Host=127.0.0.1&Maxattempts=1&Port=${port}&Type=http`)
  await send(a, 'ENABLE-APP', shop)
  assert.match(await send(a, 'STATUS', 'JVMRoute=wildfly-1&Load=90'), /State=OK/)
  await until('the other serves it', async () => (await ask(b.port, '/shop/')).body === 'shop')

  const slow = [a, b].map((proxy) => ask(proxy.port, '/shop/slow'))
  await until('both requests are at the node', () => held.length === 2)
  await send(b, 'DISABLE-APP', shop)
  for (const proxy of [a, b]) assert.equal((await ask(proxy.port, '/shop/')).status, 503)
  assert.match(await send(b, 'STOP-APP', shop), /Requests=2\n$/, 'that of the other proxy counts')

  for (const response of held) response.end('done')
  assert.deepEqual(
    (await Promise.all(slow)).map(({ body }) => body),
    ['done', 'done'],
    'what was under way is answered',
  )
  await until('none is left', async () => /Requests=0\n$/.test(await send(b, 'STOP-APP', shop)))
  await send(b, 'REMOVE-APP', shop)
  assert.equal(
    (await ask(a.port, '/shop/')).status,
    404,
    'once that is answered, the other knows it',
  )
  await send(b, 'REMOVE-APP', 'JVMRoute=wildfly-1', '/*')
  await until('no proxy has the node', async () => {
    const reports = await Promise.all([a, b].map((proxy) => proxy.status()))
    return reports.every(({ nodes }) => nodes.every(({ removal }) => removal !== 'none'))
  })
})
