// Valid sessions of HTTP/2, changed at random, through a proxy to a node: the proxy goes on, and nothing reaches the node as a
// request that was none. Bodies and values contain text that would be a request if a boundary were lost.
// TOPSPIN_FUZZ_SESSIONS sets how many sessions a run sends; default 1,000.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startProxy } from '../support/cluster-fixture.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { preface } from '../support/http2-attacks.ts'
import { frame, indexed, literal, named, uint32 } from '../support/http2-frames.ts'
import { get } from '../support/node-server.ts'
import { seededRandom } from '../support/seeded-random.ts'

const sessions = Number(process.env['TOPSPIN_FUZZ_SESSIONS'] ?? 1_000)
const atOnce = 200
/** Clients are lost up to this time after the first answer, ms: in any state of their streams. */
const lostMax = 200
/** Clients that get no answer are lost after it, ms. */
const silenceMs = 2_000

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: any.test\r\n\r\n'
const authority = literal(':authority', 'any.test', 0x40)
const usual = [indexed(6), literal(':path', '/sent'), authority]
const getHead = Buffer.concat([indexed(2), ...usual, literal('x-a', 'b', 0x40)])
const postHead = Buffer.concat([indexed(3), ...usual])
const text = Buffer.from(smuggled)
const lengthOf = (bytes: Buffer): Buffer => literal('content-length', String(bytes.length))
const trailers = literal('x-sum', 'GET /smuggled HTTP/1.1')
const connect = Buffer.concat([
  literal(':method', 'CONNECT'),
  literal(':protocol', 'websocket'),
  ...usual,
  literal('sec-websocket-version', '13'),
])
const padded = Buffer.concat([Buffer.from([4]), text, Buffer.alloc(4)])

/** Frames of sessions that a strict server accepts. */
const valid: readonly (readonly Buffer[])[] = [
  [
    frame(1, 5, 1, getHead),
    frame(1, 5, 3, Buffer.concat([indexed(2), indexed(6), indexed(4), indexed(63)])),
  ],
  [
    frame(1, 4, 1, Buffer.concat([postHead, lengthOf(text)])),
    frame(0, 1, 1, text),
    frame(1, 5, 3, getHead),
  ],
  [frame(1, 4, 1, postHead), frame(0, 0, 1, text), frame(0, 0, 1, text), frame(1, 5, 1, trailers)],
  [
    frame(1, 1, 1, getHead.subarray(0, 7)),
    frame(9, 0, 1, getHead.subarray(7, 20)),
    frame(9, 4, 1, getHead.subarray(20)),
  ],
  [
    frame(1, 0x24, 1, Buffer.concat([Buffer.alloc(5), postHead, lengthOf(text)])),
    frame(0, 9, 1, padded),
    frame(8, 0, 0, uint32(1_000)),
  ],
  [frame(1, 4, 1, connect), frame(0, 0, 1, text), frame(0, 1, 1, text)],
  [
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(2, 0, 1, Buffer.alloc(5)),
    frame(16, 0, 0, Buffer.concat([uint32(1), Buffer.from('u=1, i')])),
    frame(
      1,
      5,
      1,
      Buffer.concat([getHead, named(32, 'a=b'), named(32, 'c=GET /smuggled HTTP/1.1')]),
    ),
    frame(3, 0, 1, uint32(8)),
    frame(1, 5, 3, getHead),
  ],
]

/** A session with up to four changes. */
function mutated(random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = (): readonly Buffer[] => valid[below(valid.length)] as readonly Buffer[]
  const frames: Buffer[] = pick().map((each) => Buffer.from(each))
  for (let changes = below(5); changes > 0; changes--) {
    const at = below(frames.length)
    const chosen = frames[at] as Buffer
    const place = below(chosen.length + 1)
    const [before, behind] = [chosen.subarray(0, place), chosen.subarray(place)]
    switch (below(8)) {
      case 0:
        if (place < chosen.length) chosen[place] = below(256)
        break
      case 1:
        if (place < chosen.length) chosen[place] = (chosen[place] ?? 0) ^ (1 << below(8))
        break
      case 2:
        frames[at] = Buffer.concat([before, Buffer.from(smuggled.slice(0, below(20))), behind])
        break
      case 3:
        frames[at] = Buffer.concat([before, behind.subarray(below(behind.length + 1))])
        break
      case 4:
        frames.splice(below(frames.length + 1), 0, Buffer.from(chosen))
        break
      case 5:
        frames.splice(at, 1, ...frames.splice(below(frames.length), 1, chosen))
        break
      case 6:
        // In the head of the frame: length, type, flags, stream.
        chosen[below(Math.min(9, chosen.length))] = below(10)
        break
      default:
        frames.push(...pick().map((each) => Buffer.from(each)))
    }
    if (frames.length === 0) frames.push(Buffer.from(getHead))
  }
  return Buffer.concat([preface, frame(4, 0, 0), ...frames])
}

/**
 * Sends a session in up to three pieces, and leaves some time after the first answer: on a busy machine, one that counts from
 * the start would leave before the proxy has read anything. Resolves when the connection has closed.
 */
function send(port: number, bytes: Buffer, random: () => number): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const silent = setTimeout(() => socket.end(), silenceMs)
    const stayMs = random() * lostMax
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(silent)
      resolve()
    })
    socket.once('data', () => setTimeout(() => socket.end(), stayMs))
    socket.resume()
    const cut = Math.floor(random() * bytes.length)
    socket.write(bytes.subarray(0, cut))
    setImmediate(() => socket.write(bytes.subarray(cut)))
  })
}

/** A node that reads no bodies: whatever begins a line with a method is a request to it. */
async function startRecorder(seen: (line: string) => void) {
  const server = net.createServer((socket) => {
    let held = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1')
      for (let next = takeRequest(held); next !== undefined; next = takeRequest(held)) {
        held = held.slice(next.length)
        seen(next.line)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The first whole request of a connection, as a strict server of HTTP/1.1 reads it. */
function takeRequest(bytes: string): { line: string; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.slice(0, end + 4)
  const line = head.slice(0, head.indexOf('\r\n'))
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? []
  if (length !== undefined) {
    const whole = head.length + Number(length)
    return bytes.length < whole ? undefined : { line, length: whole }
  }
  if (!/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return { line, length: head.length }
  let at = head.length
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16)
    assert.ok(size >= 0, `no chunk: ${bytes.slice(at, at + 40)}`)
    if (size === 0) break
    at = lineEnd + 2 + size + 2
    if (bytes.length < at) return undefined
  }
  const last = bytes.indexOf('\r\n\r\n', at)
  return last < 0 ? undefined : { line, length: last + 4 }
}

test('changed sessions bring nothing to a node that was no request, and the proxy goes on', async (t) => {
  const random = seededRandom(fuzzSeed)
  const lines = new Map<string, number>()
  const node = await startRecorder((line) => lines.set(line, (lines.get(line) ?? 0) + 1))
  t.after(() => node.close())
  const { proxy, port } = await startProxy(t, [{ port: (node.address() as AddressInfo).port }])
  let left = sessions
  const sender = async (): Promise<void> => {
    while (left-- > 0) await send(port, mutated(random), random)
  }
  await Promise.all(Array.from({ length: atOnce }, sender))
  assert.equal(proxy.counters.faults, 0)
  for (const line of lines.keys()) {
    assert.match(line, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.1$/)
    assert.doesNotMatch(line, /^GET \/smuggled /)
  }
  assert.ok((lines.get('GET /sent HTTP/1.1') ?? 0) > 0, 'valid requests arrive')
  assert.equal((await get(port)).status, 200)
})
