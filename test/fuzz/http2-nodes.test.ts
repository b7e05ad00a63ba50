// Responses over HTTP/2, changed at random, of a node behind the proxy: the proxy goes on, and a client gets the response that
// the node sent for its request, an error of the proxy, or one that visibly breaks off. Bodies and values contain text that
// would be another response if a boundary were lost.
// TOPSPIN_FUZZ_RESPONSES sets how many responses a run sends; default 1,000.

import assert from 'node:assert/strict'
import http from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { startProxy } from '../support/cluster-fixture.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { ask, connectHttp2 } from '../support/http2-client.ts'
import { frame, literal, named, uint32 } from '../support/http2-frames.ts'
import { type Seen, startFrameNode } from '../support/http2-node.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

const responses = Number(process.env['TOPSPIN_FUZZ_RESPONSES'] ?? 1_000)
const atOnce = 20
const HEADERS = 1

const smuggled = 'HTTP/1.1 200 OK\r\nX-Smuggled: yes\r\nContent-Length: 0\r\n\r\n'
const text = Buffer.from(smuggled)
const ok = literal(':status', '200')
const kept = literal('x-a', 'HTTP/1.1 200 OK', 0x40)
const lengthOf = (bytes: Buffer): Buffer => literal('content-length', String(bytes.length))
const head = (...fields: readonly Buffer[]): Buffer => Buffer.concat([ok, kept, ...fields])

/** Frames of valid responses on a stream. */
const valid: readonly ((stream: number) => Buffer[])[] = [
  (id) => [frame(1, 5, id, head())],
  (id) => [frame(1, 4, id, head(lengthOf(text))), frame(0, 1, id, text)],
  (id) => [frame(1, 4, id, head()), frame(0, 0, id, text), frame(0, 1, id, text)],
  (id) => [
    frame(1, 4, id, head()),
    frame(0, 0, id, text),
    frame(1, 5, id, literal('x-sum', 'HTTP/1.1 200 OK')),
  ],
  (id) => [
    frame(1, 4, id, Buffer.concat([literal(':status', '103'), kept])),
    frame(1, 0, id, head().subarray(0, 9)),
    frame(9, 4, id, head().subarray(9)),
    frame(0, 9, id, Buffer.concat([Buffer.from([4]), text, Buffer.alloc(4)])),
  ],
  (id) => [frame(1, 4, id, Buffer.concat([ok, named(62, 'b')])), frame(3, 0, id, uint32(2))],
  (id) => [
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 9, 0, 4, 0, 0, 1, 0])),
    frame(8, 0, 0, uint32(1_000)),
    frame(1, 5, id, head()),
    frame(7, 0, 0, Buffer.concat([uint32(id), uint32(0)])),
  ],
]

/** A response with up to four changes. */
function mutated(random: () => number, stream: number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = (): Buffer[] => (valid[below(valid.length)] as (id: number) => Buffer[])(stream)
  const frames = pick().map((each) => Buffer.from(each))
  for (let changes = below(5); changes > 0; changes--) {
    const at = below(frames.length)
    const chosen = frames[at]
    if (chosen === undefined) break
    const place = below(chosen.length)
    switch (below(7)) {
      case 0:
        chosen[place] = below(256)
        break
      case 1:
        chosen[place] = (chosen[place] ?? 0) ^ (1 << below(8))
        break
      case 2:
        frames[at] = Buffer.concat([
          chosen.subarray(0, place),
          text.subarray(0, below(20)),
          chosen.subarray(place),
        ])
        break
      case 3:
        frames[at] = chosen.subarray(0, place)
        break
      case 4:
        frames.splice(below(frames.length + 1), 0, Buffer.from(chosen))
        break
      case 5:
        frames.splice(at, 1)
        break
      default:
        // In the head of the frame: length, type, flags, stream.
        chosen[Math.min(8, place)] = below(10)
    }
  }
  return Buffer.concat(frames)
}

test('the proxy survives changed responses, and none of them becomes another one', async (t) => {
  const random = seededRandom(fuzzSeed)
  let isHonest = false
  /** Connections that have carried changed responses. */
  const changed = new Set<Socket>()
  const honest = (stream: number): Buffer =>
    Buffer.concat([frame(1, 4, stream, head()), frame(0, 1, stream, Buffer.from('honest'))])
  // Two streams at a time, since a connection that breaks the protocol costs all of its responses.
  const settings = frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 2]))
  const answer = ({ type, stream }: Seen, socket: Socket): Buffer | undefined => {
    if (type !== HEADERS) return undefined
    if (isHonest) return honest(stream)
    if (!changed.has(socket)) socket.once('close', () => changed.delete(socket))
    changed.add(socket)
    // Lost at some time, so that nothing waits for its deadline.
    setTimeout(() => socket.destroy(), 50).unref()
    return mutated(random, stream)
  }
  const node = await startFrameNode(t, answer, settings)
  const { proxy, port } = await startProxy(t, [node], {
    tickMs: 20,
    retryBudget: 1,
    timeouts: { responseHeadMs: 1_000, responseBodyMs: 1_000 },
  })
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce })
  t.after(() => agent.destroy())
  const overHttp1 = (): Promise<http.IncomingMessage | undefined> =>
    new Promise((resolve) => {
      const request = http.get({ port, agent }, (response) => {
        response.on('error', () => resolve(response))
        response.on('end', () => resolve(response))
        response.resume()
      })
      request.on('error', () => resolve(undefined))
    })
  const statuses = new Map<number, number>()
  let left = responses
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await overHttp1()
      assert.equal(response?.headers['x-smuggled'], undefined)
      const status = response?.statusCode ?? 0
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  assert.ok((statuses.get(200) ?? 0) > responses / 20, JSON.stringify([...statuses]))
  // Behind half a frame an honest response is part of that frame.
  await until('changed connections have closed', () => changed.size === 0)
  isHonest = true
  const session = await connectHttp2(t, port)
  const last = await ask(session, { ':path': '/' })
  assert.deepEqual([last.status, last.body], [200, 'honest'])
  assert.equal(proxy.counters.faults, 0)
})
