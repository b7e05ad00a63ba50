// Real clients over TLS: Chromium with pages, parallel requests, a WebSocket, an upload beside downloads; curl and nghttp.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { startNode } from '../../support/node-server.ts'
import { webSocketServer } from '../../support/web-socket.ts'

const run = promisify(execFile)
const executablePath = '/usr/bin/chromium'
const noChromium = existsSync(executablePath) ? false : `${executablePath} is not there`
const missing = (name: string): string | false =>
  spawnSync(name, ['--version']).status === 0 ? false : `${name} is not installed`

const page = '<!doctype html><title>shop</title><script src="/app.js"></script><h1>Shop</h1>'

const respond: RequestListener = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node')
  switch (pathname) {
    case '/':
      return void response.setHeader('content-type', 'text/html').end(page)
    case '/app.js':
      return void response.setHeader('content-type', 'text/javascript').end('window.loaded = true')
    case '/download':
      return void response.end(Buffer.alloc(5_000_000))
    case '/wait':
      return void setTimeout(() => response.end(searchParams.get('n')), 20)
    default: {
      let length = 0
      request.on('data', (part: Buffer) => {
        length += part.length
      })
      request.on('end', () => response.end(String(length)))
    }
  }
}

describe('a real client over TLS', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)

  async function start(t: TestContext) {
    const node = await startNode(t, respond)
    const vias: string[] = []
    node.server.on('upgrade', ({ headers }) => vias.push(String(headers.via)))
    webSocketServer({ server: node.server, path: '/ws' }).on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    )
    const tls = authority.issue({ names: ['localhost', '127.0.0.1'] })
    const { port, proxy } = await startProxy(t, [{ port: node.port }], { tls })
    return { port, proxy, vias, url: `https://localhost:${port}` }
  }

  /** A page of the proxy in Chromium. */
  async function opened(t: TestContext, url: string): Promise<Page> {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    t.after(() => browser.close())
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const opening = await context.newPage()
    await opening.goto(url)
    return opening
  }

  test('Chromium loads pages, and gets 100 answers at a time, each its own', {
    skip: noChromium,
  }, async (t) => {
    const { proxy, url } = await start(t)
    const shop = await opened(t, url)
    assert.equal(await shop.evaluate('window.loaded'), true)
    const protocol = `performance.getEntriesByType('navigation')[0].nextHopProtocol`
    assert.equal(await shop.evaluate(protocol), 'h2')
    const answers = await shop.evaluate(`Promise.all(Array.from({ length: 100 }, (_, n) =>
      fetch('/wait?n=' + n).then((response) => response.text())))`)
    assert.deepEqual(
      answers,
      Array.from({ length: 100 }, (_, n) => String(n)),
    )
    assert.ok(proxy.counters.requestsHttp2 >= 102)
    assert.equal(proxy.counters.connections, proxy.counters.connectionsHttp2)
  })

  test('Chromium uploads beside downloads', { skip: noChromium }, async (t) => {
    const { url } = await start(t)
    const shop = await opened(t, url)
    const result = await shop.evaluate(`Promise.all([
      fetch('/upload', { method: 'POST', body: new Blob([new Uint8Array(20_000_000)]) })
        .then((response) => response.text()),
      ...[1, 2, 3].map(() => fetch('/download').then((response) => response.arrayBuffer())
        .then((buffer) => String(buffer.byteLength))),
      fetch('/wait?n=short').then((response) => response.text()),
    ])`)
    assert.deepEqual(result, ['20000000', '5000000', '5000000', '5000000', 'short'])
  })

  test('Chromium opens WebSockets as streams of its connection', {
    skip: noChromium,
  }, async (t) => {
    const { proxy, url, vias } = await start(t)
    const shop = await opened(t, url)
    const echoed = await shop.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket(location.origin.replace('https', 'wss') + '/ws')
      const seen = []
      socket.binaryType = 'arraybuffer'
      socket.onerror = () => reject(new Error('the WebSocket has failed'))
      socket.onopen = () => {
        socket.send('hello')
        socket.send(new Uint8Array(1_000_000))
      }
      socket.onmessage = ({ data }) => {
        seen.push(typeof data === 'string' ? data : data.byteLength)
        if (seen.length === 2) socket.close(1000)
      }
      socket.onclose = ({ code }) => resolve([...seen, code])
    })`)
    assert.deepEqual(echoed, ['hello', 1_000_000, 1_000])
    assert.equal(vias.length, 1)
    assert.match(vias[0] ?? '', /^2\.0 /)
    assert.equal(proxy.counters.connections, proxy.counters.connectionsHttp2)
  })

  test('curl sends an upload and parallel requests', { skip: missing('curl') }, async (t) => {
    const { url, proxy } = await start(t)
    const common = ['-sS', '--fail', '--http2', '--cacert', authority.certFile, '--max-time', '30']
    const upload = ['-X', 'POST', '--data-binary', '@-', `${url}/upload`]
    const sending = run('curl', [...common, ...upload])
    sending.child.stdin?.end(Buffer.alloc(3_000_000, 'x'))
    assert.equal((await sending).stdout, '3000000')
    const parallel = ['--parallel', '--parallel-max', '50', '-w', '%{http_version} %{http_code}\n']
    const many = await run('curl', [...common, ...parallel, `${url}/wait?n=[1-100]`])
    assert.equal(many.stdout.match(/2 200$/gm)?.length, 100)
    assert.ok(proxy.counters.connectionsHttp2 <= 3, `${proxy.counters.connectionsHttp2}`)
  })

  test('nghttp gets 50 answers over one connection', { skip: missing('nghttp') }, async (t) => {
    const { url, proxy } = await start(t)
    const { stdout } = await run('nghttp', [
      '-n',
      '-s',
      '--no-verify-peer',
      '-m50',
      `${url}/wait?n=1`,
    ])
    assert.equal(stdout.match(/ 200 +\S+ \/wait\?n=1$/gm)?.length, 50, stdout)
    assert.equal(proxy.counters.connectionsHttp2, 1)
  })
})
