// Clients that others wrote, through the real proxy to a node that joined by the agent: curl, wrk and a
// WebSocket client.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, fork, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Received } from '../../fixtures/echo-node.ts'
import { built } from '../../support/child.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'
import { type WebSocket, webSocket } from '../../support/web-socket.ts'

const missing = (program: string): string | false =>
  spawnSync(program, ['--version']).error === undefined ? false : `${program} is not installed`

const folder = mkdtempSync(join(tmpdir(), 'topspin clients '))
const body = randomBytes(1024 * 1024)
const file = join(folder, 'body')
const sha256 = createHash('sha256').update(body).digest('hex')

let proxy: Awaited<ReturnType<typeof startServe>> | undefined
let node: ChildProcess | undefined
let base = ''
const closed: { code: number; reason: string }[] = []

before(async () => {
  writeFileSync(file, body)
  proxy = await startServe([], {}, { deadlineMs: 60_000 })
  base = proxy.traffic.replace(/\/$/, '')
  let ready = false
  node = fork(built('test/fixtures/echo-node.js'), [new URL(proxy.control).host])
  node.on('message', (news: 'ready' | { closed: (typeof closed)[number] }) => {
    if (news === 'ready') ready = true
    else closed.push(news.closed)
  })
  await until('the node is registered', () => ready)
})

after(() => {
  node?.kill('SIGKILL')
  proxy?.child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('curl', { skip: missing('curl') }, () => {
  test('GET', async () => {
    const { stdout } = await curl('-i', `${base}/hello`)
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n/)
    assert.doesNotMatch(stdout, /endpoint-load-metrics/i)
    const { method, via } = received(stdout.slice(stdout.indexOf('\r\n\r\n')))
    assert.equal(method, 'GET')
    assert.match(via, /^1\.1 topspin/)
  })

  test('POST of 1 MB that waits for 100 Continue', async () => {
    const { stdout, stderr } = await curl(
      ...['-v', '-H', 'Expect: 100-continue', '--expect100-timeout', '20'],
      ...['--data-binary', `@${file}`, `${base}/post`],
    )
    assert.match(stderr, /< HTTP\/1\.1 100 Continue/)
    const { method, length, sha256: digest, chunked } = received(stdout)
    assert.deepEqual({ method, length, digest, chunked }, expectedBody('POST', false))
  })

  test('chunked upload', async () => {
    const { stdout } = await curl(
      ...['-X', 'POST', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:'],
      ...['--data-binary', `@${file}`, `${base}/post`],
    )
    const { method, length, sha256: digest, chunked } = received(stdout)
    assert.deepEqual({ method, length, digest, chunked }, expectedBody('POST', true))
  })

  test('HEAD', async () => {
    const { stdout } = await curl('-I', `${base}/hello`)
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(stdout, /\r\nContent-Length: [1-9]\d+\r\n/i)
  })

  test('HTTP/1.0: a response without a length ends with the connection, one with a length can keep it open', async () => {
    const parts = await curl('-0', '-i', `${base}/parts`)
    assert.match(parts.stdout, /^HTTP\/1\.[01] 200 OK\r\n/)
    assert.doesNotMatch(parts.stdout, /transfer-encoding/i)
    assert.ok(parts.stdout.endsWith('\r\n\r\none,two'), parts.stdout)
    const kept = await curl(
      ...['-0', '-H', 'Connection: keep-alive', '-o', '/dev/null', '-w', '%{http_code} '],
      ...[`${base}/a`, '-o', '/dev/null', `${base}/b`],
    )
    assert.equal(kept.stdout, '200 200 ')
  })

  test('several URLs over one kept connection', async () => {
    const urls = Array.from({ length: 5 }, (_, index) => ['-o', '/dev/null', `${base}/${index}`])
    const { stdout } = await curl(
      '--http1.1',
      '-w',
      '%{http_code}/%{num_connects} ',
      ...urls.flat(),
    )
    assert.equal(stdout, '200/1 200/0 200/0 200/0 200/0 ')
  })

  test('a response in chunks of unknown length, then another request on the same connection', async () => {
    const { stdout } = await curl('-w', ' %{num_connects};', `${base}/parts`, `${base}/parts`)
    assert.equal(stdout, 'one,two 1;one,two 0;')
  })
})

test('wrk finds no error in two seconds', { skip: missing('wrk') }, async (t) => {
  const { stdout } = await run('wrk', ['-t', '1', '-c', '16', '-d', '2s', `${base}/hello`])
  const count = Number(/(\d+) requests in/.exec(stdout)?.[1])
  t.diagnostic(`${count} requests in 2 s`)
  assert.ok(count > 200, stdout)
  assert.doesNotMatch(stdout, /Socket errors|Non-2xx/)
})

describe('a WebSocket', () => {
  test('carries 1,000 messages there and back, in order and unchanged', async (t) => {
    const socket = await open()
    t.after(() => socket.terminate())
    const sent = Array.from({ length: 1_000 }, (_, index) => {
      // Every hundredth is larger than what one read takes from a socket.
      const length = index % 100 === 0 ? 100_000 : index % 300
      return index % 2 === 0 ? randomBytes(length) : `${index} `.repeat(length / 4)
    })
    const got: (Buffer | string)[] = []
    socket.on('message', (data, isBinary) => got.push(isBinary ? data : data.toString()))
    for (const message of sent) socket.send(message)
    await until('all have come back', () => got.length === sent.length)
    for (const [index, message] of sent.entries()) assert.deepEqual(got[index], message)
  })

  test('close codes and reasons arrive, from either side', async () => {
    const mine = await open()
    const answered = ending(mine)
    mine.close(4001, 'that is all')
    assert.deepEqual(await answered, { code: 4001, reason: 'that is all' })
    await until('the node has heard it', () =>
      closed.some(({ code, reason }) => code === 4001 && reason === 'that is all'),
    )
    const theirs = await open()
    const told = ending(theirs)
    theirs.send('close 1011 broken inside')
    assert.deepEqual(await told, { code: 1011, reason: 'broken inside' })
  })

  test('a connection that is cut on one side is cut on the other', async () => {
    const cutThere = await open()
    const here = ending(cutThere)
    cutThere.send('terminate')
    assert.equal((await here).code, 1006)
    const count = closed.length
    const cutHere = await open()
    cutHere.terminate()
    await until('the node has seen the end', () => closed.length > count)
    assert.equal(closed.at(-1)?.code, 1006)
  })

  test('a path without WebSockets refuses the upgrade as the node does', async () => {
    const socket = webSocket(`${base.replace('http', 'ws')}/hello`)
    const error = await new Promise<Error>((resolve) => socket.on('error', resolve))
    assert.match(error.message, /Unexpected server response: 400/)
  })
})

interface Output {
  readonly stdout: string
  readonly stderr: string
}

function curl(...args: readonly string[]): Promise<Output> {
  return run('curl', ['-sS', '--max-time', '20', ...args])
}

/** Fails when the program does. */
function run(program: string, args: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`))
    })
  })
}

function received(text: string): Received {
  return JSON.parse(text) as Received
}

function expectedBody(method: string, chunked: boolean): object {
  return { method, length: body.length, digest: sha256, chunked }
}

async function open(): Promise<WebSocket> {
  const socket = webSocket(`${base.replace('http', 'ws')}/echo`)
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return socket
}

function ending(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
}
