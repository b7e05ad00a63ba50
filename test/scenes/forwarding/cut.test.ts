// Answers and requests that break off. An answer that is cut anywhere never looks complete to the
// client; a client that goes away at any moment leaves nothing behind.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const body = 'The quick brown fox jumps over the lazy dog. '.repeat(6)
const filler = `X-Filler: ${'f'.repeat(40)}\r\n`
const half = body.slice(0, 100)
const rest = body.slice(100)
const answers = {
  length: `HTTP/1.1 200 OK\r\n${filler}Content-Length: ${body.length}\r\n\r\n${body}`,
  chunked:
    `HTTP/1.1 200 OK\r\n${filler}Transfer-Encoding: chunked\r\n\r\n` +
    `${half.length.toString(16)}\r\n${half}\r\n${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`,
  'until-close': `HTTP/1.1 200 OK\r\n${filler}Connection: close\r\n\r\n${body}`,
}

describe('an answer cut at every byte', () => {
  for (const [shape, answer] of Object.entries(answers)) {
    for (const by of ['fin', 'rst'] as const) {
      for (const version of ['1.1', '1.0']) {
        test(`${shape}, ${by}, to HTTP/${version}: never looks complete`, async (t) => {
          const origin = await startOrigin(t)
          const { port, live } = await startProxy(t, [{ port: origin.port }])
          // Where it lasts until the end of the connection, an end behind the head is the end of the answer.
          const headLength = answer.indexOf('\r\n\r\n') + 4
          const isEnd = shape === 'until-close' && by === 'fin'
          const cuts = isEnd ? headLength : answer.length
          const lies: number[] = []
          const one = async (at: number): Promise<void> => {
            const client = await RawClient.connect(t, port)
            client.send(
              `GET ${cutAt(answer, at, by)} HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`,
            )
            const got = await client.answer()
            const isWhole = got !== undefined && got.status === 200
            if (isWhole || (got !== undefined && got.status !== 502)) lies.push(at)
            client.socket.destroy()
          }
          for (let from = 0; from < cuts; from += 50) {
            const offsets = Array.from({ length: Math.min(50, cuts - from) }, (_, i) => from + i)
            await Promise.all(offsets.map(one))
          }
          assert.deepEqual(lies, [])
          assert.equal(live(1).inFlight, 0)
        })
      }
    }
  }
})

describe('a client that goes away', () => {
  const stages: Record<string, (client: RawClient) => void> = {
    'inside its head': (client) => client.send('GET /echo HTTP/1.1\r\nHo'),
    'inside its body': (client) =>
      client.send(`${request('POST', '/echo', 'Content-Length: 9')}abc`),
    'inside its chunked body': (client) =>
      client.send(`${request('POST', '/echo', 'Transfer-Encoding: chunked')}5\r\nab`),
    'while the node thinks': (client) => client.send(get(raw(''))),
    'behind half an answer head': (client) => client.send(get(raw('HTTP/1.1 200 OK\r\nContent'))),
    'inside an answer': (client) =>
      client.send(get(raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'))),
    'inside a long answer that it does not read': (client) => {
      client.send(get('/big?bytes=50000000'))
      client.socket.pause()
    },
    'inside a tunnel': (client) =>
      client.send(request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo')),
    'with more requests behind': (client) => client.send(get(raw('')) + get('/echo').repeat(3)),
  }
  for (const [stage, go] of Object.entries(stages)) {
    for (const how of ['reset', 'end']) {
      test(`${stage} (${how}) leaves nothing behind`, async (t) => {
        const origin = await startOrigin(t)
        const { port, proxy, live } = await startProxy(t, [{ port: origin.port }])
        const client = await RawClient.connect(t, port)
        const began = origin.accepted()
        go(client)
        if (stage !== 'inside its head') {
          await until('the node has the connection', () => origin.accepted() > began)
          await until('the request is under way', () => live(1).inFlight === 1)
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (how === 'reset') client.reset()
        else client.socket.destroy()
        await until('the proxy has let go of the client', () => proxy.connections === 0)
        await until('the node has let go as well', () => live(1).inFlight === 0)
        await until('the node connection is gone', () => origin.open.size === 0)
        const other = await RawClient.connect(t, port)
        assert.equal((await other.ask(get('/echo'))).status, 200)
      })
    }
  }
})
