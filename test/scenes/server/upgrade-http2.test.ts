// `topspin upgrade` while clients speak HTTP/2: no request fails, and no stream is cut.

import assert from 'node:assert/strict'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { answerOf, type StreamAnswer } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { until } from '../../support/until.ts'
import { isAlive, startProxy, upgraded } from '../../support/upgraded-proxy.ts'

/** One request each 2 ms. */
const perTick = 10
const tickMs = 20

/** The last stream that the first GOAWAY of two names. */
const anyStream = 0x7fff_ffff

/** A connection; a new one once the proxy has said that it takes no more streams on the one before. */
class Connection {
  readonly #url: string
  #session: ClientHttp2Session
  /** Of each connection, the last stream that the proxy has said to take. */
  readonly #lastStreams: Map<ClientHttp2Session, number> = new Map()

  constructor(t: TestContext, url: string) {
    this.#url = url
    this.#session = this.#connect()
    t.after(() => this.#session.destroy())
  }

  #connect(): ClientHttp2Session {
    const session = http2.connect(this.#url, { rejectUnauthorized: false })
    session.on('error', () => {})
    session.on('goaway', (_, last) => this.#lastStreams.set(session, last))
    return session
  }

  request(path: string, hasBody: boolean = false): ClientHttp2Stream {
    if (this.#session.closed || this.#session.destroyed) this.#session = this.#connect()
    return this.#session.request({ ':path': path, ':method': hasBody ? 'POST' : 'GET' })
  }

  /**
   * A request without a body, whose answer is awaited. Node.js refuses it itself when it learns of the end of the connection
   * before it has sent it; then it is sent on the next one.
   */
  async ask(path: string): Promise<StreamAnswer> {
    const stream = this.request(path)
    const session = this.#session
    const answer = await answerOf(stream)
    const isUnsent =
      answer.code === http2.constants.NGHTTP2_REFUSED_STREAM &&
      this.#lastStreams.get(session) === anyStream
    return isUnsent ? this.ask(path) : answer
  }
}

/** A steady stream of requests on kept connections. */
class Load {
  sent = 0
  answered = 0
  readonly failures: string[] = []
  readonly #connections: readonly Connection[]
  readonly #timer: NodeJS.Timeout

  constructor(t: TestContext, urls: readonly string[]) {
    this.#connections = urls.flatMap((url) => [new Connection(t, url), new Connection(t, url)])
    this.#timer = setInterval(() => {
      for (let i = 0; i < perTick; i++) void this.#send()
    }, tickMs)
    t.after(() => clearInterval(this.#timer))
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    const isOver = (): boolean => this.answered + this.failures.length === this.sent
    await until('all are answered', isOver, 30_000, () => this)
  }

  async #send(): Promise<void> {
    this.sent += 1
    const connection = this.#connections[this.sent % this.#connections.length] as Connection
    const { status, body, code } = await connection.ask('/')
    if (status === 200 && body === 'done') this.answered += 1
    else this.failures.push(`status ${status}, reset ${code}`)
  }
}

/** A call in both directions: what the client says comes back. */
class Call {
  readonly answer: Promise<StreamAnswer>
  readonly #stream: ClientHttp2Stream
  #heard = ''

  constructor(connection: Connection) {
    this.#stream = connection.request('/call', true)
    this.answer = answerOf(this.#stream)
    this.#stream.on('data', (piece: Buffer) => {
      this.#heard += piece.toString()
    })
  }

  async say(text: string, evidence: () => object): Promise<void> {
    const before = this.#heard.length
    this.#stream.write(text)
    await until(
      `${text} comes back`,
      () => this.#heard.slice(before) === text,
      20_000,
      () => {
        const { closed, rstCode, session } = this.#stream
        return { heard: this.#heard, closed, rstCode, isCut: session?.destroyed, ...evidence() }
      },
    )
  }

  end(): void {
    this.#stream.end()
  }
}

const parts = 40

/** Answers at once; sends `/download` in parts until it is told to end, and sends back what `/call` says, then trailers. */
async function startApplication(t: TestContext): Promise<{ port: number; finish(): void }> {
  let isOver = false
  const { port } = await startHttp2Node(t, (stream, headers) => {
    if (headers[':path'] === '/call') {
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
      return
    }
    stream.respond({ ':status': 200 })
    if (headers[':path'] !== '/download') return void stream.end('done')
    let sent = 0
    const timer = setInterval(() => {
      if (sent < parts - 1 || isOver) {
        sent += 1
        stream.write('x'.repeat(1_000))
      }
      if (sent < parts) return
      clearInterval(timer)
      stream.end()
    }, 20)
    stream.on('close', () => clearInterval(timer))
  })
  return {
    port,
    finish: () => {
      isOver = true
    },
  }
}

for (const workers of [0, 2])
  test(`no request over HTTP/2 fails and no stream is cut in two upgrades in a row, ${workers} workers`, {
    skip: noOpenssl,
  }, async (t) => {
    const application = await startApplication(t)
    const { certFile, keyFile } = selfSigned()
    const proxy = await startProxy(
      t,
      `listen: ['127.0.0.1:0', 'https://127.0.0.1:0']
tls: { cert: ${certFile}, key: ${keyFile} }
control: { listen: '127.0.0.1:0' }
workers: ${workers}
# Calls and downloads are silent while the next program starts, which takes long on a busy machine.
timeouts: { body: 5m, responseBody: 5m }
body: { minRate: 0 }
to: 'h2c://127.0.0.1:${application.port}'
`,
    )
    const load = new Load(t, proxy.traffic)
    const connections = proxy.traffic.map((url) => new Connection(t, url))
    const calls = connections.map((connection) => new Call(connection))
    const downloads = connections.map((connection) => answerOf(connection.request('/download')))
    const everyCall = (text: string): Promise<unknown> =>
      Promise.all(calls.map((call) => call.say(text, () => proxy.printed)))
    await everyCall('first')
    const first = await upgraded(proxy)
    await everyCall('second')
    const second = await upgraded(proxy)
    await everyCall('third')
    assert.ok(isAlive(first.ending.pid), 'it serves its streams')
    for (const call of calls) call.end()
    for (const call of calls) {
      const { status, body, code, trailers } = await call.answer
      assert.deepEqual([status, body, code], [200, 'firstsecondthird', 0])
      assert.equal(trailers['grpc-status'], '0')
    }
    application.finish()
    for (const { body, code } of await Promise.all(downloads))
      assert.deepEqual([body.length, code], [parts * 1_000, 0])
    await load.end()
    t.diagnostic(`${load.sent} requests, ${load.failures.length} failed`)
    assert.deepEqual(load.failures, [])
    assert.ok(load.sent > 500)
    for (const { ending } of [first, second])
      await until(
        'the replaced processes end',
        () => !isAlive(ending.pid),
        15_000,
        () => proxy.printed,
      )
  })
