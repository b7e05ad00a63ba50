// Nodes that send bytes behind a complete response, a little later. Behind a response without a body they are never taken
// for the response to another request; behind others not once the node is found out.

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

/** What the node answers to a request, and whether `late` follows. */
type Respond = (method: string, target: string) => { bytes: string; isLate: boolean }

/** @param lateMs after each response that `late` follows; `undefined`: it never does. */
async function startNode(
  t: TestContext,
  lateMs: number | undefined,
  respond: Respond = respondEmpty,
): Promise<Node> {
  let accepted = 0
  const server = net.createServer({ noDelay: true }, (socket) => {
    accepted++
    socket.on('error', () => {})
    socket.on('data', (request) => {
      const [method = '', target = ''] = request.toString('latin1').split(' ')
      const { bytes, isLate } = respond(method, target)
      socket.write(bytes)
      if (!isLate || lateMs === undefined) return
      if (lateMs === 0) setImmediate(() => socket.write(late))
      else setTimeout(() => socket.write(late), lateMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted }
}

/** `/204`, `/304`, `/zero` and HEAD: an empty response, and `late`. Else the target as the body. */
const respondEmpty: Respond = (method, target) => {
  const status = /^\/(204|304)/.exec(target)?.[1] ?? '200'
  const isZero = target === '/zero'
  const body = method === 'HEAD' || status !== '200' || isZero ? '' : target
  const length = status === '204' ? '' : `Content-Length: ${isZero ? 0 : target.length}\r\n`
  return { bytes: `HTTP/1.1 ${status} X\r\n${length}\r\n${body}`, isLate: body === '' }
}

const empty = [
  get('/204'),
  get('/304'),
  get('/zero'),
  request('HEAD', '/head'),
  request('POST', '/zero', 'Content-Length: 0'),
]

for (const lateMs of [0, 1, 2, 10, 50]) {
  test(`${lateMs} ms late: every response is that of its request`, async (t) => {
    const node = await startNode(t, lateMs)
    const { port, live } = await startProxy(t, [{ port: node.port }])
    let wrong = 0
    const one = async (number: number): Promise<void> => {
      const client = await RawClient.connect(t, port)
      for (let i = 0; i < 40; i++) {
        const response = await client.ask(empty[(i + number) % empty.length] as string)
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

test('bytes that have arrived when a connection is leased find the node out, its end does not', async (t) => {
  for (const [text, isFound] of [
    [late, true],
    ['', false],
  ] as const) {
    let send = (): void => {}
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
      send = () => (text === '' ? socket.end() : socket.write(text))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const log = memoryLog()
    const { port } = await startProxy(t, [{ port: (server.address() as AddressInfo).port }], {
      log,
    })
    const client = await RawClient.connect(t, port)
    await client.ask(get('/'))
    await sleep(httpLimits.restMs + 20)
    send()
    assert.equal((await client.ask(get('/'))).body.length, 0)
    await until('the log is complete', () => !isFound || log.messages.length === 1)
    assert.deepEqual(
      log.messages,
      isFound ? ['node sends bytes behind responses without a body'] : [],
    )
  }
})

/** The target as the body, in one chunk or by length, and `late`. */
const respondBody =
  (isChunked: boolean): Respond =>
  (_method, target) => {
    const { length } = target
    const bytes = isChunked
      ? `HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${target}\r\n0\r\n\r\n`
      : `HTTP/1.1 200 X\r\nContent-Length: ${length}\r\n\r\n${target}`
    return { bytes, isLate: true }
  }

for (const isChunked of [true, false]) {
  for (const lateMs of [0, 2]) {
    const body = isChunked ? 'a chunked body' : 'a body with a length'
    test(`${lateMs} ms late behind ${body}: no wrong response once the node is found out`, async (t) => {
      const node = await startNode(t, lateMs, respondBody(isChunked))
      const log = memoryLog()
      const { port } = await startProxy(t, [{ port: node.port }], { log })
      const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(t, port)))
      const askAll = async (round: number): Promise<number> => {
        const wrong = clients.map(async (client, number) => {
          const target = `/${number}/${round}`
          return (await client.ask(get(target))).body.toString() === target ? 0 : 1
        })
        return (await Promise.all(wrong)).reduce<number>((sum, one) => sum + one, 0)
      }
      let before = 0
      let round = 0
      while (log.messages.length === 0 && round < 200) before += await askAll(round++)
      t.diagnostic(`${before} wrong in ${round} rounds before the node was found out`)
      assert.deepEqual(log.messages, ['node sends bytes behind complete responses'])
      const accepted = node.accepted()
      let after = 0
      for (let i = 0; i < 20; i++) after += await askAll(++round)
      assert.equal(after, 0)
      assert.equal(node.accepted(), accepted + 20 * clients.length)
    })
  }
}

test('a 408 on an idle connection is no response, and finds nothing out', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      setTimeout(() => socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'), 5)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const log = memoryLog()
  const { port } = await startProxy(t, [{ port: (server.address() as AddressInfo).port }], {
    log,
  })
  const client = await RawClient.connect(t, port)
  assert.equal((await client.ask(get('/'))).body.toString(), 'ok')
  await sleep(50)
  assert.equal((await client.ask(get('/'))).body.toString(), 'ok')
  assert.deepEqual(log.messages, [])
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
