// Uploads of 100 MB over HTTP/2, beside other requests of the same connection and beside many slow uploads. The proxy is a
// process of its own, whose memory is measured from outside.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { connectHttp2 } from '../../support/http2-client.ts'
import { startNode } from '../../support/node-server.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

const skip = process.platform === 'linux' ? false : 'reads /proc'
const megabyte = Buffer.alloc(1_000_000, 'topspin ')
const wholeMegabytes = 100

/** A node that answers with the length and the hash of what it has received; a long answer for `/download`. */
const node: RequestListener = (request, response) => {
  if (request.url === '/download') return void response.end(Buffer.alloc(30_000_000))
  const hash = createHash('sha1')
  let length = 0
  request.on('data', (part: Buffer) => {
    hash.update(part)
    length += part.length
  })
  request.on('end', () => response.end(`${length} ${hash.digest('hex')}`))
}

const expected = (() => {
  const hash = createHash('sha1')
  for (let i = 0; i < wholeMegabytes; i++) hash.update(megabyte)
  return `${wholeMegabytes * megabyte.length} ${hash.digest('hex')}`
})()

function rssKb({ child }: Workers): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
}

async function connect(t: TestContext, { trafficPort }: Workers): Promise<ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${trafficPort}`)
  t.after(() => session.destroy())
  await once(session, 'connect')
  return session
}

/** Status and body. */
async function answerOf(stream: ClientHttp2Stream): Promise<string> {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  const ended = once(stream, 'end')
  const [headers] = (await once(stream, 'response')) as [{ readonly ':status'?: number }]
  await ended
  const body = Buffer.concat(parts)
  return `${headers[':status']} ${body.length > 1_000 ? `${body.length} bytes` : body}`
}

async function upload(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ':path': '/upload', ':method': 'POST' })
  const answer = answerOf(stream)
  for (let i = 0; i < wholeMegabytes; i++) if (!stream.write(megabyte)) await once(stream, 'drain')
  stream.end()
  return answer
}

test('a body with a length is whole for the node when its client has ended it, and not before', async (t) => {
  let ended = 0
  const { port: to } = await startNode(t, (request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'POST') ended++
      response.end('done')
    })
  })
  const { port } = await startProxy(t, [{ port: to }])
  const session = await connectHttp2(t, port)
  const stream = session.request({ ':path': '/', ':method': 'POST', 'content-length': '6' })
  const answer = answerOf(stream)
  stream.write('abc')
  stream.write('def')
  assert.equal(await answerOf(session.request({ ':path': '/' })), '200 done')
  assert.equal(ended, 0)
  stream.end()
  assert.equal(await answer, '200 done')
  assert.equal(ended, 1)
})

test('uploads of 100 MB pass beside downloads and short requests of their connection, in bounded memory', {
  skip,
}, async (t) => {
  const { port } = await startNode(t, node)
  const serve = await startWorkers(t, 0, {}, { deadlineMs: 120_000 })
  await serve.register('a', port, 100)
  const session = await connect(t, serve)
  const short = (): Promise<string> => answerOf(session.request({ ':path': '/short' }))
  for (let i = 0; i < 200; i++) await short()
  const before = rssKb(serve)
  let most = before
  let isOver = false
  const uploads = Promise.all([upload(session), upload(session), upload(session)])
  const downloads = Promise.all(
    [1, 2].map(() => answerOf(session.request({ ':path': '/download' }))),
  )
  const all = Promise.all([uploads, downloads]).finally(() => {
    isOver = true
  })
  all.catch(() => {})
  let answered = 0
  while (!isOver) {
    assert.match(await short(), /^200 0 /)
    answered += 1
    most = Math.max(most, rssKb(serve))
  }
  assert.deepEqual(await all, [
    Array(3).fill(`200 ${expected}`),
    Array(2).fill('200 30000000 bytes'),
  ])
  t.diagnostic(`${answered} short requests; resident: ${before} KB, at most ${most} KB`)
  assert.ok(answered > 20, `${answered} short requests`)
  assert.ok(most - before < 64_000, `grew by ${most - before} KB`)
})

test('an upload of 100 MB passes beside sixty that send a little now and then', {
  skip,
}, async (t) => {
  const { port } = await startNode(t, node)
  const serve = await startWorkers(t, 0, {}, { deadlineMs: 120_000 })
  await serve.register('a', port, 100)
  const [slow, fast] = await Promise.all([connect(t, serve), connect(t, serve)])
  const piece = Buffer.alloc(2_000)
  const streams = Array.from({ length: 60 }, () =>
    slow.request({ ':path': '/upload', ':method': 'POST' }),
  )
  const answers = streams.map((stream) => answerOf(stream))
  let pieces = 0
  const sending = setInterval(() => {
    for (const stream of streams) stream.write(piece)
    pieces += 1
  }, 100)
  t.after(() => clearInterval(sending))
  const before = rssKb(serve)
  assert.equal(await upload(fast), `200 ${expected}`)
  const grown = rssKb(serve) - before
  clearInterval(sending)
  for (const stream of streams) stream.end()
  for (const answer of await Promise.all(answers))
    assert.match(answer, new RegExp(`^200 ${pieces * piece.length} `))
  t.diagnostic(`grew by ${grown} KB beside ${streams.length} uploads of ${pieces} pieces`)
  assert.ok(grown < 64_000, `grew by ${grown} KB`)
  const { body } = await fetch(`${serve.control}metrics`).then(async (response) => ({
    body: await response.text(),
  }))
  assert.doesNotMatch(body, /UPLOADS_FULL|UPLOAD_DISPLACED/)
})
