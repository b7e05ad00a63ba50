import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { agentLimits } from '../../../src/base/limits.ts'
import { McmpClient, type SendResult } from '../../../src/net/mcmp-client.ts'

const ping = { method: 'PING' } as const

/** A proxy that gives one answer to whatever comes; closes its connections where `close` is set. */
async function clientOf(
  t: TestContext,
  answer: (socket: Socket, message: number) => void,
  host = '127.0.0.1',
): Promise<McmpClient> {
  let messages = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => answer(socket, ++messages))
  })
  server.listen(0, host)
  await once(server, 'listening')
  const client = new McmpClient({ host, port: (server.address() as AddressInfo).port })
  t.after(() => {
    client.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return client
}

function codeOf(result: SendResult): string {
  return result.ok ? 'ok' : result.error.code
}

test('an error reply is returned with its fields', async (t) => {
  const client = await clientOf(t, (socket) =>
    socket.end(
      'HTTP/1.1 500 Internal Server Error\r\nType: MEM\r\nMess: MEM: full\r\nConnection: close\r\n\r\n<html>',
    ),
  )
  const result = await client.send(ping)
  assert.ok(!result.ok)
  assert.deepEqual(result.refusal, { status: 500, type: 'MEM', mess: 'MEM: full' })
  assert.match(result.error.message, /PING: MEM: full/)
})

test('of a long text of a refusal the error has the beginning', async (t) => {
  const mess = 'MEM: '.repeat(5_000)
  const client = await clientOf(t, (socket) =>
    socket.end(`HTTP/1.1 500 x\r\nType: MEM\r\nMess: ${mess}\r\nContent-Length: 0\r\n\r\n`),
  )
  const result = await client.send(ping)
  assert.ok(!result.ok)
  assert.ok(result.error.message.length < agentLimits.messMax + 50)
})

test('a connection closed meanwhile is replaced once, without an error', async (t) => {
  const client = await clientOf(t, (socket, message) => {
    if (message === 2) socket.destroy()
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  assert.deepEqual(await client.send(ping), { ok: true, body: 'ok' })
  assert.deepEqual(await client.send(ping), { ok: true, body: 'ok' })
})

test('a new connection that is closed without a reply is an error', async (t) => {
  let messages = 0
  const client = await clientOf(t, (socket) => {
    messages++
    socket.destroy()
  })
  assert.equal(codeOf(await client.send(ping)), 'MCMP_CONNECTION')
  assert.equal(messages, 1)
})

test('no reply, half a reply and an endless one end at the deadline', async (t) => {
  const starts = ['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']
  for (const start of starts) {
    const client = await clientOf(t, (socket) => socket.write(start))
    const result = await client.send(ping, { deadlineMs: 60 })
    assert.equal(codeOf(result), 'MCMP_TIMEOUT', start)
  }
})

test('bytes that are not HTTP, and a reply that is too long, are errors', async (t) => {
  const garbage = await clientOf(t, (socket) => socket.end('hello\r\n\r\n'))
  assert.equal(codeOf(await garbage.send(ping)), 'MCMP_REPLY')
  const big = await clientOf(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${agentLimits.replyBytesMax + 1}\r\n\r\n`)
    socket.write(Buffer.alloc(agentLimits.replyBytesMax + 1, 0x20))
  })
  assert.equal(codeOf(await big.send(ping)), 'MCMP_REPLY')
})

test('a message can be aborted, and nothing is sent after that', async (t) => {
  const client = await clientOf(t, () => {})
  const giveUp = new AbortController()
  const sending = client.send(ping, { signal: giveUp.signal })
  giveUp.abort()
  assert.equal(codeOf(await sending), 'MCMP_ABORTED')
  assert.equal(codeOf(await client.send(ping, { signal: giveUp.signal })), 'MCMP_ABORTED')
})

test('proxies with IPv6 addresses work', async (t) => {
  const client = await clientOf(
    t,
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    '::1',
  ).catch(() => undefined)
  if (client === undefined) return t.skip('this machine has no IPv6')
  assert.deepEqual(await client.send(ping), { ok: true, body: '' })
  assert.equal(client.localAddress, '::1')
})
