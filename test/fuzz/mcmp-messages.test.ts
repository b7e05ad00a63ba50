// Mutated messages through the frame reader, the parser, the registry and the writer: no exception, every reply valid, and no
// change by a refused message. TOPSPIN_FUZZ_RUNS sets how many; a million were run by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mcmpLimits } from '../../src/base/limits.ts'
import type { FramedRequest } from '../../src/wire/mcmp/frame.ts'
import { FrameReader } from '../../src/wire/mcmp/frame.ts'
import { methodOf, parseMessage } from '../../src/wire/mcmp/parse.ts'
import { type Reply, writeReply } from '../../src/wire/mcmp/reply.ts'
import { parseResponses } from '../support/control-client.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { readDump, readInfo } from '../support/mcmp-tables.ts'
import { RegistryBench } from '../support/registry-bench.ts'
import { seededRandom } from '../support/seeded-random.ts'

const runs = Number(process.env['TOPSPIN_FUZZ_RUNS'] ?? 20_000)

const bodies: readonly (readonly [start: string, body: string])[] = [
  ['CONFIG /', 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http'],
  ['CONFIG /', 'JVMRoute=b&Host=%5B%3A%3A1%25lo%5D&Port=82&Type=https&Domain=east&Balancer=Other'],
  [
    'CONFIG /',
    'JVMRoute=c&Alias=x,y&Context=/1,/2&StickySessionCookie=SID&StickySessionPath=sid&StickySession=No',
  ],
  [
    'CONFIG /',
    'JVMRoute=d&Port=83&flushpackets=auto&flushwait=5ms&ping=2&smax=3&ttl=1min&Timeout=9&WaitWorker=4&Maxattempts=2',
  ],
  ['CONFIG /', 'JVMRoute=e&StickySessionForce=No&StickySessionRemove=Yes&Reversed=true&Foo=Bar'],
  ['ENABLE-APP /', 'JVMRoute=a&Alias=localhost,www.example.com&Context=%2Fapp'],
  ['DISABLE-APP /', 'JVMRoute=a&Alias=localhost&Alias=b&Context=/app&Context=/b'],
  ['STOP-APP /', 'JVMRoute=a&Alias=localhost&Context=/app'],
  ['REMOVE-APP /', 'JVMRoute=a&Alias=localhost&Context=/app'],
  ['ENABLE-APP /*', 'JVMRoute=a'],
  ['STOP-APP //*', 'JVMRoute=c'],
  ['REMOVE-APP *', 'JVMRoute=a'],
  ['STATUS /', 'JVMRoute=a&Load=50'],
  ['STATUS /', 'JVMRoute=b&Load=-1'],
  ['PING /', 'JVMRoute=a'],
  ['PING /', 'Scheme=http&Host=127.0.0.1&Port=81'],
  ['PING /', ''],
  ['INFO /', ''],
  ['DUMP /*', ''],
  ['VERSION /', ''],
]

const heads: readonly string[] = [
  '',
  'Accept: text/xml\r\n',
  'Content-Type: application/x-www-form-urlencoded\r\n',
  'User-Agent: ClusterListener/1.0\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
]

const pieces: readonly string[] = [
  ...'&=%,<>"\'+/*?;\r\n\0 :'.split(''),
  '%00',
  '%0d%0a',
  '%3Cb%3E',
  '%zz',
  '%C3%A5',
  '\xff\xfe',
  'JVMRoute=',
  'JVMRoute=REMOVED',
  '&Load=101',
  '&Port=0',
  '&Port=99999',
  '&ttl=-1',
  '&Context=,',
  'x'.repeat(300),
  '\r\n\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'HTTP/1.0',
  'GET / HTTP/1.1\r\n\r\n',
]

class Fuzzer {
  readonly #random: () => number
  readonly bench: RegistryBench
  refused = 0
  applied = 0
  broken = 0

  constructor() {
    this.#random = seededRandom(fuzzSeed)
    const limits = { ...mcmpLimits, nodesMax: 20, hostsMax: 40, contextsMax: 80, balancersMax: 9 }
    this.bench = new RegistryBench({ limits })
  }

  run(): void {
    const { bench } = this
    bench.now += this.#below(50)
    if (this.#below(100) === 0) bench.tick()
    if (this.#below(20) === 0) this.#turn()
    const bytes = this.#mutated()
    const reader = new FrameReader({ ...mcmpLimits, messageBytesMax: 2_000 })
    const cut = this.#below(bytes.length + 1)
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      reader.push(part)
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        if (event.kind === 'request') this.#answer(event.request)
        else if (event.kind === 'problem') this.broken += 1
      }
    }
  }

  #answer(request: FramedRequest): void {
    const method = methodOf(request.method)
    if (method === undefined) return
    const { bench } = this
    const before = bench.registry.snapshot
    const field = (name: string): string => request.fields.get(name)?.join(', ') ?? ''
    const parsed = parseMessage({
      method,
      target: request.target,
      body: request.body,
      accept: field('accept'),
      contentType: field('content-type'),
      userAgent: field('user-agent'),
    })
    const reply = parsed.ok ? bench.apply(parsed.message).reply : parsed
    if (reply.ok) this.applied += 1
    else this.refused += 1
    // What fits of a CONFIG stays (mcmp.md decision 28).
    const inPart = !reply.ok && /insert (host alias|context)/.test(reply.text)
    if (!reply.ok && !inPart)
      assert.equal(bench.registry.snapshot, before, `${reply.text} changed something`)
    checkReply(method, field('accept').toLowerCase().includes('text/xml'), reply)
  }

  /** An address stops or starts answering. */
  #turn(): void {
    const address = `127.0.0.1:${81 + this.#below(4)}`
    if (!this.bench.dead.delete(address)) this.bench.dead.add(address)
  }

  #mutated(): Buffer {
    const [start, body] = this.#pick(bodies)
    const chunked = this.#below(5) === 0
    const mutant = this.#below(3) === 0 ? body : this.#mutate(body)
    const framing = chunked
      ? `Transfer-Encoding: chunked\r\n\r\n${mutant.length.toString(16)}\r\n${mutant}\r\n0\r\n\r\n`
      : `Content-Length: ${mutant.length}\r\n\r\n${mutant}`
    const whole = `${start} HTTP/1.1\r\nHost: x\r\n${this.#pick(heads)}${framing}`
    return Buffer.from(this.#below(3) === 0 ? this.#mutate(whole) : whole, 'latin1')
  }

  #mutate(text: string): string {
    let out = text
    for (let times = 1 + this.#below(3); times > 0; times--) {
      const at = this.#below(out.length + 1)
      const [head, tail] = [out.slice(0, at), out.slice(at)]
      switch (this.#below(5)) {
        case 0:
          out = head + this.#pick(pieces) + tail
          break
        case 1:
          out = head + tail.slice(1 + this.#below(4))
          break
        case 2:
          out = head + String.fromCharCode(this.#below(256)) + tail.slice(1)
          break
        case 3:
          out = head + head.slice(-1 - this.#below(20)) + tail
          break
        default:
          out = head + this.#pick(bodies)[1].slice(this.#below(30))
      }
    }
    return out
  }

  #below(most: number): number {
    return Math.floor(this.#random() * most)
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!
  }
}

function checkReply(method: string, xml: boolean, reply: Reply): void {
  const text = Buffer.from(writeReply(reply, { keepAlive: true })).toString('latin1')
  const [response, ...more] = parseResponses(text)
  assert.ok(response !== undefined && more.length === 0)
  const { status, fields, body } = response
  if (!reply.ok) {
    assert.equal(status, 'HTTP/1.1 500 Internal Server Error')
    assert.match(fields.get('type') ?? '', /^(SYNTAX|MEM)$/)
    assert.match(fields.get('mess') ?? '', /^[ -~]{1,1024}$/)
    assert.match(body, /^[ -~]+\n$/)
    return
  }
  assert.equal(status, 'HTTP/1.1 200 OK')
  switch (method) {
    case 'STATUS':
    case 'PING':
      assert.match(body, /^Type=(STATUS|PING)-RSP&(JVMRoute=[^&=]+&)?State=(OK|NOTOK)&id=\d+\n$/)
      break
    case 'INFO':
      if (!xml) readInfo(reply.body)
      break
    case 'DUMP':
      if (!xml) readDump(reply.body)
      break
    case 'STOP-APP':
      assert.match(
        body,
        /^$|^Type=STOP-APP-RSP&JvmRoute=[^&=]+&Alias=[^&=]+&Context=[^&=]+&Requests=\d+\n$/,
      )
      break
    case 'CONFIG':
      assert.equal(body, '')
      break
    case 'VERSION':
      break
    default:
      assert.match(
        body,
        /^$|^Type=(ENABLE|DISABLE|REMOVE)-APP-RSP\nJvmRoute=[^\n]+(\nAlias=[^\n]+ Contexts=[^\n]+\n)*\n$/,
      )
  }
}

test(`${runs} mutated messages`, { timeout: 3_600_000 }, (t) => {
  const fuzzer = new Fuzzer()
  for (let run = 0; run < runs; run++) fuzzer.run()
  const { applied, refused, broken } = fuzzer
  t.diagnostic(`${applied} applied, ${refused} refused, ${broken} no request`)
  assert.ok(applied > runs / 10 && refused > runs / 10 && broken > runs / 100)
})
