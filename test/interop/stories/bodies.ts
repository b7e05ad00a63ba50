// Request and response bodies of every framing, through the proxy to a Tomcat and back.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { factsOf, Stage } from '../stage.ts'
import type { Story } from '../story.ts'

interface Received {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

interface Sending {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly pieces?: readonly Buffer[]
}

const megabyte = 1024 * 1024

export const bodies: Story = {
  about: 'bodies of every framing pass unchanged',
  async play(t, kind) {
    // In one process, so that there is one pool of connections to the node.
    const stage = await Stage.set(t, kind, { TOPSPIN_WORKERS: '0' })
    await stage.node('a')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())

    await t.test('connections to the node are kept and serve many clients', async () => {
      const connections = new Set<string | undefined>()
      for (let i = 0; i < 20; i++) {
        const answer = await stage.ask('/shop/')
        assert.equal(answer.status, 200)
        connections.add(factsOf(answer).get('connection'))
      }
      // The end of a response may arrive after its last byte, when the next request has already arrived.
      assert.ok(connections.size <= 3, [...connections].join())
    })

    await t.test('a large body by length, in chunks or after 100 is echoed unchanged', async () => {
      const body = randomBytes(2 * megabyte + 17)
      const length = { 'content-length': String(body.length) }
      const thirds = [body.subarray(0, 5), body.subarray(5, 900_000), body.subarray(900_000)]
      const posts: Omit<Sending, 'path'>[] = [
        { headers: length, pieces: [body] },
        { headers: { 'transfer-encoding': 'chunked' }, pieces: thirds },
        { headers: { ...length, expect: '100-continue' }, pieces: [body] },
        { headers: { 'content-length': '0' } },
      ]
      for (const post of posts) {
        const whole = { path: '/shop/echo', method: 'POST', ...post }
        const echoed = await send(stage.traffic, agent, whole)
        const wanted = Buffer.concat(post.pieces ?? [])
        assert.equal(echoed.status, 200, JSON.stringify(post.headers))
        assert.equal(echoed.body.length, wanted.length)
        assert.equal(digest(echoed.body), digest(wanted))
      }
    })

    await t.test('a download is complete, and HEAD has no body', async () => {
      const path = `/shop/bytes?${megabyte}`
      const download = await send(stage.traffic, agent, { path })
      assert.equal(download.headers['content-length'], String(megabyte))
      assert.equal(digest(download.body), digest(Buffer.alloc(megabyte, counting)))
      const head = await send(stage.traffic, agent, { path, method: 'HEAD' })
      assert.equal(head.status, 200)
      assert.equal(head.body.length, 0)
    })
  },
}

/** Bytes that count from 0 to 250 repeatedly, as the node writes them. */
const counting = Buffer.from(Array.from({ length: 251 }, (_, index) => index))

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function send(port: number, agent: Agent, sending: Sending): Promise<Received> {
  const { path, method = 'GET', headers = {}, pieces = [] } = sending
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, headers, agent },
      (response) => {
        const received: Buffer[] = []
        response.on('data', (piece: Buffer) => received.push(piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(received),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    const rest = (): void => {
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    }
    if (headers['expect'] === undefined) rest()
    else outgoing.once('continue', rest)
  })
}
