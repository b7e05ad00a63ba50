// Nodes that send a body behind a response that must not have one, a little later. It is never taken for the response to
// another request.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpLimits } from '../../../src/base/limits.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { get, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const late = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong'

interface Node {
  readonly port: number
  readonly accepted: () => number
}

/** `/204`, `/304` and HEAD: an empty response, and `late` after `lateMs`. Else the target as the body. */
async function startNode(t: TestContext, lateMs: number | undefined): Promise<Node> {
  let accepted = 0
  const server = net.createServer({ noDelay: true }, (socket) => {
    accepted++
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const [method, target = ''] = bytes.toString('latin1').split(' ')
      const status = /^\/(204|304)/.exec(target)?.[1] ?? '200'
      const body = method === 'HEAD' || status !== '200' ? '' : target
      const length = status === '204' ? '' : `Content-Length: ${target.length}\r\n`
      socket.write(`HTTP/1.1 ${status} X\r\n${length}\r\n${body}`)
      if (body !== '' || lateMs === undefined) return
      if (lateMs === 0) setImmediate(() => socket.write(late))
      else setTimeout(() => socket.write(late), lateMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted }
}

const empty = [get('/204'), get('/304'), request('HEAD', '/head')]

for (const lateMs of [0, 1, 2, 10, 50]) {
  test(`${lateMs} ms late: every response is that of its request`, async (t) => {
    const node = await startNode(t, lateMs)
    const { port, live } = await startProxy(t, [{ port: node.port }])
    let wrong = 0
    const one = async (number: number): Promise<void> => {
      const client = await RawClient.connect(t, port)
      for (let i = 0; i < 40; i++) {
        const response = await client.ask(empty[(i + number) % 3] as string)
        assert.equal(response.body.length, 0)
        const target = `/${number}/${i}`
        const { body } = await client.ask(get(target))
        if (body.toString() !== target) wrong++
      }
      client.socket.destroy()
    }
    await Promise.all(Array.from({ length: 6 }, (_, number) => one(number)))
    assert.equal(wrong, 0)
    assert.equal(live(1).failures, 0)
  })
}

test('a node that was found out is logged once, and its connections end after such responses', async (t) => {
  const node = await startNode(t, 5)
  const log = memoryLog()
  const { port } = await startProxy(t, [{ port: node.port }], { log })
  const client = await RawClient.connect(t, port)
  await client.ask(get('/204'))
  await until('the late bytes are found', () => log.messages.length === 1)
  for (let i = 1; i <= 3; i++) {
    await client.ask(get('/304'))
    assert.equal(node.accepted(), 1 + i)
  }
  assert.equal(log.messages.length, 1)
  assert.equal((await client.ask(get('/body'))).body.toString(), '/body')
})

test('a connection carries another request once it has rested', async (t) => {
  const node = await startNode(t, undefined)
  const { port } = await startProxy(t, [{ port: node.port }])
  const client = await RawClient.connect(t, port)
  for (const text of empty) await client.ask(text)
  await client.ask(get('/body'))
  assert.equal(node.accepted(), empty.length + 1)
  await sleep(httpLimits.restMs + 50)
  for (const text of empty) await client.ask(text)
  assert.equal(node.accepted(), empty.length + 1)
})

test('many connections rest for a shorter time, so that a busy node does not need very many', async (t) => {
  const node = await startNode(t, undefined)
  const { port } = await startProxy(t, [{ port: node.port }])
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(t, port)))
  const end = performance.now() + 600
  let count = 0
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        await client.ask(get('/304'))
        count++
      }
    }),
  )
  t.diagnostic(`${count} responses over ${node.accepted()} connections`)
  assert.ok(count > 2 * node.accepted())
})
