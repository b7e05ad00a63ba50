// The MCMP codec with arbitrary input: round trips, any split, and no exceptions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBody, writeBody } from '../../src/wire/mcmp/body.ts'
import { illegal } from '../../src/wire/mcmp/fields.ts'
import { type FrameEvent, FrameReader } from '../../src/wire/mcmp/frame.ts'
import type { ConfigMessage, Message, Method } from '../../src/wire/mcmp/message.ts'
import { parseMessage } from '../../src/wire/mcmp/parse.ts'
import { parseInfo } from '../../src/wire/mcmp/parse-info.ts'
import { parseReply, writeReply } from '../../src/wire/mcmp/reply.ts'

const word = (bytesMax: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: bytesMax })
    .filter(
      (text) => !illegal.test(text) && !text.includes(',') && Buffer.byteLength(text) <= bytesMax,
    )
const route = word(63).filter((text) => text !== 'REMOVED')
const times = fc.integer({ min: 0, max: 100_000_000 })
const list = (item: fc.Arbitrary<string>) =>
  fc.uniqueArray(item, { minLength: 1, maxLength: 4, selector: (text) => text.toLowerCase() })
const lists = fc.record({ aliases: list(word(254)), contexts: list(word(79)) })

const config: fc.Arbitrary<ConfigMessage> = fc
  .tuple(
    fc.record(
      {
        balancer: word(39).filter((text) => text === text.toLowerCase()),
        domain: word(19),
        host: fc.oneof(
          fc.domain().filter((name) => name.length <= 63),
          fc.ipV4(),
          fc.ipV6().filter((ip) => /^[0-9a-f:.]+$/i.test(ip)),
        ),
        port: fc.integer({ min: 1, max: 65_535 }),
        type: fc.constantFrom('http', 'ajp', 'udp'),
        reversed: fc.boolean(),
        flushPackets: fc.constantFrom('on' as const, 'off' as const, 'auto' as const),
        flushWaitMs: times,
        pingMs: times,
        smax: fc.integer({ min: -1, max: 1000 }),
        ttlMs: times,
        timeoutMs: times,
        stickySession: fc.boolean(),
        stickySessionCookie: word(29),
        stickySessionPath: word(29),
        stickySessionRemove: fc.boolean(),
        stickySessionForce: fc.boolean(),
        waitWorkerMs: fc.integer({ min: 0, max: 10_000_000 }).map((seconds) => seconds * 1000),
        maxAttempts: fc.nat(),
      },
      { requiredKeys: [] },
    ),
    fc.oneof(lists, fc.constant({ aliases: [], contexts: [] })),
    route,
  )
  .map(([fields, names, name]) => ({ ...fields, ...names, method: 'CONFIG' as const, route: name }))

const app: fc.Arbitrary<Message> = fc
  .tuple(
    fc.constantFrom(
      'ENABLE-APP' as const,
      'DISABLE-APP' as const,
      'STOP-APP' as const,
      'REMOVE-APP' as const,
    ),
    lists,
    route,
  )
  .map(([method, names, name]) => ({ ...names, method, route: name, wildcard: false }))

const status: fc.Arbitrary<Message> = fc
  .tuple(route, fc.integer({ min: -1, max: 100 }))
  .map(([name, load]) => ({ method: 'STATUS', route: name, load }))

const nothing = { accept: '', contentType: '', userAgent: '' }

test('a message of a node is read back by a proxy, whether or not plus means space', () => {
  fc.assert(
    fc.property(
      fc.oneof(config, app, status),
      fc.constantFrom('', 'ClusterListener/1.0'),
      (message, userAgent) => {
        const body = Buffer.from(writeBody(message))
        const parsed = parseMessage({
          ...nothing,
          method: message.method,
          target: '/',
          body,
          userAgent,
        })
        const isOfJava = userAgent !== '' && message.method.endsWith('-APP')
        const sender = isOfJava ? { fromJavaNode: true, sender: 'node' } : {}
        assert.deepEqual(parsed, { ok: true, message: { ...message, ...sender } })
      },
    ),
  )
})

const methods: readonly Method[] = [
  'CONFIG',
  'ENABLE-APP',
  'STOP-APP',
  'REMOVE-APP',
  'STATUS',
  'PING',
  'INFO',
]

test('any bytes as a body are a message or a problem with a text', () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string().map((text) => Buffer.from(`JVMRoute=a&${text}`)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...methods), bodies, (method, body) => {
      const parsed = parseMessage({ ...nothing, method, target: '/', body })
      assert.ok(parsed.ok || parsed.text.length > 0)
      const pairs = parseBody(body, { plusIsSpace: true })
      assert.ok(
        !Array.isArray(pairs) || pairs.every(({ key, value }) => !illegal.test(key + value)),
      )
    }),
  )
})

test('any text as INFO or as a reply is read without an exception', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        'Node: [0],Name: a,Balancer: b',
        'Vhost: [0:1:0], Alias: x',
        'Context: [0:1:0], Context: /',
      ),
    ),
  )
  fc.assert(
    fc.property(lines, (parts) => {
      const read = parseInfo(parts.join('\n'))
      assert.ok(read.ok || read.problem.length > 0)
      assert.ok(parseReply(parts.join('&')) instanceof Map)
    }),
  )
})

test('any text of a problem is written as one response with a valid head', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const out = Buffer.from(
        writeReply({ ok: false, type: 'GENERAL', text }, { keepAlive: true }),
      ).toString('latin1')
      const [head = '', body = ''] = out.split('\r\n\r\n')
      assert.equal(head.split('\r\n').length, 7)
      assert.equal(Number(/Content-Length: (\d+)/.exec(head)?.[1]), body.length)
      assert.match(head, /^[\r\n\u0020-\u007e]+$/)
    }),
  )
})

function readAll(pieces: readonly Uint8Array[]): FrameEvent[] {
  const reader = new FrameReader()
  const events: FrameEvent[] = []
  for (const piece of pieces) {
    reader.push(piece)
    for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event)
  }
  return events
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const request = fc
  .tuple(
    fc.constantFrom('PING', 'STATUS', 'GET'),
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
    fc.boolean(),
  )
  .map(([method, body, chunked]) =>
    chunked
      ? `${method} /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
      : `${method} /y HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )

test('requests are the same wherever their bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (requests, cuts) => {
        const bytes = Buffer.from(requests.join(''))
        const whole = readAll([bytes])
        assert.equal(whole.length, requests.length)
        assert.deepEqual(readAll(split(bytes, cuts)), whole)
        assert.deepEqual(readAll([...bytes].map((byte) => Uint8Array.of(byte))), whole)
      },
    ),
  )
})

test('mutated requests do not throw, and have at most one problem, as the last event', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 3 }),
      mutations,
      (requests, changes) => {
        const bytes = Buffer.from(requests.join(''))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const kinds = readAll([bytes]).map((event) => event.kind)
        assert.ok(!kinds.slice(0, -1).includes('problem'))
      },
    ),
  )
})
