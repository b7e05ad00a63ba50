import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, Socket } from 'node:net'
import { test } from 'node:test'
import { connectionListenerOf } from '../../../src/node-internals/connection-listener.ts'
import {
  attachParser,
  hasAnsweredAll,
  hasOtherReader,
  isUntouched,
  letReadHandle,
  probeHttpParser,
} from '../../../src/node-internals/http-parser.ts'

test('the parser can be attached late and fed by events', () => {
  assert.equal(probeHttpParser(), true)
})

test('a socket without a connection does not count as untouched', () => {
  assert.equal(isUntouched(new Socket()), false)
})

test('a server parses the bytes that it is fed, and then reads the connection itself', async (t) => {
  const http = createServer()
  const listener = connectionListenerOf(http)
  assert.ok(listener !== undefined)
  const tcp = createTcpServer().listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const remote = connect((tcp.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(tcp, 'connection')) as [Socket]
  t.after(() => {
    for (const socket of [accepted, remote]) socket.destroy()
    tcp.close()
  })
  assert.equal(isUntouched(accepted), true)
  attachParser(http, listener, accepted, false)
  assert.equal(isUntouched(accepted), false)
  const fed = once(http, 'request') as Promise<[IncomingMessage, ServerResponse]>
  accepted.emit('data', Buffer.from('GET /fed HTTP/1.1\r\nHost: a\r\n\r\n'))
  const [first, response] = await fed
  assert.equal(first.url, '/fed')
  assert.equal(hasAnsweredAll(accepted), false)
  response.end()
  await once(response, 'close')
  assert.equal(hasAnsweredAll(accepted), true)
  letReadHandle(accepted)
  const read = once(http, 'request') as Promise<[IncomingMessage, ServerResponse]>
  remote.write('GET /read HTTP/1.1\r\nHost: a\r\n\r\n')
  const [second] = await read
  assert.equal(second.url, '/read')
})

test('a listener of the application counts as another reader', () => {
  const http = createServer()
  const listener = connectionListenerOf(http)
  assert.ok(listener !== undefined)
  const socket = new Socket()
  attachParser(http, listener, socket, false)
  assert.equal(hasOtherReader(socket), false)
  socket.on('data', () => {})
  assert.equal(hasOtherReader(socket), true)
  socket.destroy()
})
