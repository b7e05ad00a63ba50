// Fields that proxies, agents and peers send each other: those of a client reach no node, and those of a node no client.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { request as ask } from 'node:http'
import { type TestContext, test } from 'node:test'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { frontOf, handlerOf } from '../../support/embedded.ts'
import { answerOf, ask as askHttp2, connectHttp2 } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { startNode } from '../../support/node-server.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const mark = 'for="6.6.6.6:1";proto=http;at=1'
/** Those that CGI, WSGI, Rack or PHP read as the same are among them. */
const spellings = [
  'Topspin-Handed-Over',
  'TOPSPIN-HANDED-OVER',
  'Topspin_Handed_Over',
  'topspin-handed_over',
  'Topspin-Handed-Over_',
]

interface Target {
  readonly type: string
  readonly port: number
  /** Names of all fields and trailers so far. */
  readonly names: string[]
  readonly requests: () => number
}

const targets: Readonly<Record<string, (t: TestContext) => Promise<Target>>> = {
  async 'HTTP/1.1'(t) {
    const names: string[] = []
    let requests = 0
    const { port, server } = await startNode(t, (req, res) => {
      names.push(...req.rawHeaders.filter((_, at) => at % 2 === 0))
      req.resume().once('end', () => {
        names.push(...req.rawTrailers.filter((_, at) => at % 2 === 0))
        requests++
        res.end()
      })
    })
    server.on('upgrade', (req, socket) => {
      names.push(...req.rawHeaders.filter((_, at) => at % 2 === 0))
      requests++
      socket.end('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
    })
    return { type: 'http', port, names, requests: () => requests }
  },
  async 'HTTP/2'(t) {
    const names: string[] = []
    let requests = 0
    const { port } = await startHttp2Node(t, (stream, headers) => {
      names.push(...Object.keys(headers))
      stream.on('trailers', (trailers) => names.push(...Object.keys(trailers)))
      stream.resume().once('end', () => {
        requests++
        stream.respond({ ':status': 200 }, { endStream: true })
      })
    })
    return { type: 'h2c', port, names, requests: () => requests }
  },
  async AJP(t) {
    const origin = await startAjpOrigin(t)
    return {
      type: 'ajp',
      port: origin.port,
      get names() {
        return origin.seen.flatMap(({ fields }) => fields.map(([name]) => name))
      },
      requests: () => origin.seen.length,
    }
  },
}

/** Each sends one request with the field. */
const ways: Readonly<
  Record<string, (t: TestContext, port: number, name: string) => Promise<void>>
> = {
  async head(t, port, name) {
    const client = await RawClient.connect(t, port)
    assert.equal((await client.ask(get('/x', `${name}: ${mark}`))).status, 200)
  },
  async 'hop-by-hop field'(t, port, name) {
    const client = await RawClient.connect(t, port)
    const fields = [`${name}: ${mark}`, `Connection: ${name}`]
    assert.equal((await client.ask(get('/x', ...fields))).status, 200)
  },
  async trailer(t, port, name) {
    const client = await RawClient.connect(t, port)
    const lines = ['POST /x HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', '']
    client.send([...lines, '1', 'b', '0', `${name}: ${mark}`, '', ''].join('\r\n'))
    assert.equal((await client.answer())?.status, 200)
  },
  async upgrade(t, port, name) {
    const client = await RawClient.connect(t, port)
    client.send(get('/x', 'Connection: upgrade', 'Upgrade: x', `${name}: ${mark}`))
    await until('it is answered', () => client.text.length > 0)
  },
  async 'head over HTTP/2'(t, port, name) {
    const session = await connectHttp2(t, port)
    const { status } = await askHttp2(session, { ':path': '/x', [name.toLowerCase()]: mark })
    assert.equal(status, 200)
  },
  async 'trailer over HTTP/2'(t, port, name) {
    const session = await connectHttp2(t, port)
    const stream = session.request(
      { ':path': '/x', ':method': 'POST', te: 'trailers' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ [name.toLowerCase()]: mark }))
    stream.end('body')
    assert.equal((await answerOf(stream)).status, 200)
  },
}

const isMark = (name: string): boolean =>
  name.toLowerCase().replace(/[^a-z]/g, '') === 'topspinhandedover'

for (const [to, start] of Object.entries(targets))
  for (const [way, send] of Object.entries(ways))
    test(`a client's mark of a hand-over does not reach a node over ${to}: ${way}`, async (t) => {
      const target = await start(t)
      const { port } = await startProxy(t, [{ type: target.type, port: target.port }], {
        trust: ['127.0.0.0/8'],
        http2: true,
      })
      for (const name of spellings) await send(t, port, name)
      assert.deepEqual(target.names.filter(isMark), [])
      if (way !== 'upgrade') assert.equal(target.requests(), spellings.length)
    })

test("a client's mark does not reach a node through the handler of another server", async (t) => {
  const target = await targets['HTTP/1.1']!(t)
  const handler = handlerOf(t, { to: [`127.0.0.1:${target.port}`], trust: ['127.0.0.0/8'] })
  const port = (await frontOf(t, handler)).split(':')[1]
  for (const name of spellings)
    await new Promise((resolve, reject) => {
      ask({ port, host: '127.0.0.1', agent: false, headers: { [name]: mark } }, (response) =>
        response.resume().once('end', resolve),
      )
        .once('error', reject)
        .end()
    })
  assert.deepEqual(target.names.filter(isMark), [])
  assert.equal(target.requests(), spellings.length)
})

const report = 'TEXT cpu_utilization=0.3'

function answerWithReports(response: ServerResponse): void {
  response.writeEarlyHints({ link: '</a>; rel=preload', 'Endpoint-Load-Metrics': report })
  response.writeHead(200, {
    'Endpoint-Load-Metrics': report,
    'endpoint-load-metrics-bin': 'AAA',
    'Transfer-Encoding': 'chunked',
    Trailer: 'Endpoint-Load-Metrics',
  })
  response.write('x')
  response.addTrailers({ 'Endpoint-Load-Metrics': report, 'X-Other': '1' })
  response.end()
}

test("a node's load report does not reach a client: in heads, interim heads and trailers", async (t) => {
  const node = await startNode(t, (_, response) => answerWithReports(response))
  const { port } = await startProxy(t, [{ port: node.port }], { http2: true })
  const client = await RawClient.connect(t, port)
  client.send(get('/x', 'TE: trailers', 'Connection: TE'))
  await until('it is answered', () => client.text.includes('\r\n0\r\n'))
  assert.match(client.text, /103 Early Hints[\s\S]*200 OK/)
  assert.doesNotMatch(client.text, /endpoint-load-metrics(?:-bin)?:/i)
  const session = await connectHttp2(t, port)
  const answer = await askHttp2(session, { ':path': '/x', te: 'trailers' })
  assert.equal(answer.status, 200)
  for (const fields of [answer.headers, answer.trailers])
    assert.deepEqual(
      Object.keys(fields).filter((name) => name.startsWith('endpoint')),
      [],
    )
})
