// An answer before the end of the request: a client that sends its whole body before it reads gets it, however long the
// body is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { type Answer, get, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const bodyBytes = 20_000_000
const piece = Buffer.alloc(1_000_000, 'x')
const pieces = bodyBytes / piece.length

/** Sends a request with a long body, then reads. */
async function answerAfterAll(
  client: RawClient,
  target: string,
  isChunked: boolean = false,
): Promise<Answer | undefined> {
  client.socket.pause()
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyBytes}`
  client.send(request('POST', target, framing))
  for (let sent = 0; sent < pieces; sent++) {
    if (isChunked) client.send(`${piece.length.toString(16)}\r\n`)
    client.send(piece)
    if (isChunked) client.send('\r\n')
  }
  if (isChunked) client.send('0\r\n\r\n')
  await until('all is sent', () => client.socket.writableLength === 0 || client.closed)
  assert.equal(client.error, undefined)
  client.socket.resume()
  return client.answer()
}

/** A node's answer to the head of a request. @param more how its connection ends. */
const early = (status: string, more: string = ''): string =>
  raw(`HTTP/1.1 ${status}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nover`, `&early${more}`)

describe('a client that sends 20 MB before it reads gets', () => {
  for (const [what, status, target, isChunked] of [
    ["a node's 413", 413, early('413 Content Too Large'), false],
    ["a node's 401 to a chunked body", 401, early('401 Unauthorized'), true],
    ["a node's 413 behind which the node ends", 413, early('413 No', '&then=fin'), false],
    ["a node's 413 behind which the node resets", 413, early('413 No', '&then=rst'), false],
    ["the proxy's 404", 404, '/none', false],
    ["the proxy's 404 to a chunked body", 404, '/none', true],
    ["the proxy's 400", 400, '/raw%00', false],
  ] as const) {
    test(what, async (t) => {
      const origin = await startOrigin(t)
      const node = { port: origin.port, contexts: [contextOf('/raw')] }
      const { port } = await startProxy(t, [node])
      const client = await RawClient.connect(t, port)
      assert.equal((await answerAfterAll(client, target, isChunked))?.status, status)
    })
  }

  for (const [what, secure] of [
    ["a Node.js server's 413, which closes with bytes unread", false],
    ['the same over TLS', true],
  ] as const) {
    test(what, { skip: secure ? noOpenssl : false }, async (t) => {
      const answer: RequestListener = (_, response) => {
        response.writeHead(413, { Connection: 'close' }).end('too large')
      }
      const node = secure ? createHttps(selfSigned(), answer) : createHttp(answer)
      node.listen(0, '127.0.0.1')
      await once(node, 'listening')
      t.after(() => node.close())
      const nodeAt = { port: (node.address() as AddressInfo).port }
      const { port, live } = await startProxy(t, [{ ...nodeAt, type: secure ? 'https' : 'http' }], {
        nodeTls: { verify: false },
      })
      for (let i = 0; i < 4; i++) {
        const client = await RawClient.connect(t, port)
        assert.equal((await answerAfterAll(client, '/'))?.status, 413)
      }
      assert.deepEqual([live(1).failures, live(1).health.kind], [0, 'up'])
    })
  }

  test("the proxy's 503", async (t) => {
    const { port, live } = await startProxy(t, [{ port: 9 }])
    live(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
    const client = await RawClient.connect(t, port)
    assert.equal((await answerAfterAll(client, '/'))?.status, 503)
  })

  test("a node's 413 over TLS", { skip: noOpenssl }, async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }], { tls: selfSigned() })
    const client = await RawClient.connect(t, port, { rejectUnauthorized: false })
    assert.equal((await answerAfterAll(client, early('413 No')))?.status, 413)
  })
})

test('beside a client whose body is discarded others are served', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port, contexts: [contextOf('/echo')] }])
  const sender = await RawClient.connect(t, port)
  const sent = answerAfterAll(sender, '/none')
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 20; i++) assert.equal((await client.ask(get('/echo'))).status, 200)
  assert.equal((await sent)?.status, 404)
})
