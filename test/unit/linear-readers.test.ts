// Every reader of network input takes time in proportion to its length: each is run on inputs made of one thing
// repeated, at length n and 4n, and may take 2.5 times as long for each doubling. Lengths are about the longest that each
// may get.

import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { parseHostPort } from '../../src/base/host-port.ts'
import { httpLimits, mcmpLimits } from '../../src/base/limits.ts'
import { parseUnixAddress } from '../../src/base/unix-address.ts'
import { Registry } from '../../src/cluster/registry.ts'
import { admitToPage } from '../../src/control/access.ts'
import { isForTraffic } from '../../src/control/first-request.ts'
import { Identities } from '../../src/control/identity.ts'
import { explainQuestion, readParameters } from '../../src/control/parameters.ts'
import { ajpFacts } from '../../src/forward/node/ajp-facts.ts'
import { turnBack } from '../../src/forward/stages/turn-back.ts'
import { wantedUpgrade } from '../../src/forward/stages/upgrade.ts'
import { makeTraffic } from '../../src/forward/traffic/make-traffic.ts'
import { plainAddress } from '../../src/net/address.ts'
import { jsonLine } from '../../src/server/access/json-line.ts'
import { redaction } from '../../src/server/access/redaction.ts'
import { templateLine } from '../../src/server/access/template-line.ts'
import { readAdvertisement } from '../../src/wire/advertise.ts'
import { AnswerReader } from '../../src/wire/ajp/answer-reader.ts'
import { parseAnnouncementText } from '../../src/wire/announcement-text.ts'
import { readSecret } from '../../src/wire/authorization.ts'
import { ForwardedFields, viaLines } from '../../src/wire/forwarded.ts'
import { hopsInForwarded, hopsInList } from '../../src/wire/forwarded-hops.ts'
import { readHandedOver } from '../../src/wire/handed-over.ts'
import { BodyRelay } from '../../src/wire/http/body-relay.ts'
import { readConnection } from '../../src/wire/http/connection-field.ts'
import { isConnectionLogin } from '../../src/wire/http/connection-login.ts'
import { hostWithoutPort, isAuthority } from '../../src/wire/http/host.ts'
import { Out } from '../../src/wire/http/out.ts'
import { writeRequestHead } from '../../src/wire/http/outgoing-request.ts'
import { writeResponseHead } from '../../src/wire/http/outgoing-response.ts'
import { plainPath, rawPath } from '../../src/wire/http/path.ts'
import { agreed, firstReading, pathReadings } from '../../src/wire/http/path-readings.ts'
import { queryParameter } from '../../src/wire/http/query.ts'
import { RequestHead } from '../../src/wire/http/request-head.ts'
import { ResponseHead } from '../../src/wire/http/response-head.ts'
import { readSetCookie } from '../../src/wire/http/set-cookie.ts'
import { FrameReader } from '../../src/wire/mcmp/frame.ts'
import { type MessageRequest, parseMessage } from '../../src/wire/mcmp/parse.ts'
import { parseInfo } from '../../src/wire/mcmp/parse-info.ts'
import { parseReply } from '../../src/wire/mcmp/reply.ts'
import { HeaderReader } from '../../src/wire/proxy-protocol/header-reader.ts'
import {
  addCookieValues,
  cookieValue,
  pathParameters,
  routesOf,
  withoutCookie,
  withoutPathParameter,
} from '../../src/wire/session.ts'
import { accessEntry } from '../support/access-entry.ts'

const kilobyte = 1_024

/** What is repeated: everything that some reader splits at, trims or looks for. */
const usualUnits = [
  ...' \t,;:=/.%&?#"\\[]a0-_\n\r',
  'a ',
  ' a',
  ', ',
  ';a=',
  'a=b;',
  '="a",',
  '%2e',
  '/..',
  '//',
  '../',
  '..;/',
  '%2f',
  '\r\n',
  'a:\r\n',
  '::',
  '1.',
]

/** Reads text; `units` are what is repeated in it, between `before` and `behind`. */
interface Reader {
  readonly about: string
  readonly read: (text: string) => unknown
  readonly before?: string
  readonly behind?: string
  readonly units?: readonly string[]
  /** Longest input. */
  readonly length: number
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
const traffic = makeTraffic({ trust: ['10.0.0.0/8'] })
const forwarded = new ForwardedFields({
  address: '10.0.0.1',
  scheme: 'http',
  via: viaLines('us'),
  trusted: true,
  isTrusted: traffic.isTrusted,
})
const client = { forwarded, trusted: true, localAuthority: 'a', address: '10.0.0.1' }

/** All that happens to the head of a request on its way. */
function request(text: string): void {
  const bytes = bytesOf(text)
  const head = new RequestHead()
  if (head.parse(bytes, 0, bytes.length) <= 0) return
  turnBack(head, traffic.settings, { forwarded, httpsRedirect: { status: 308, port: 443 } })
  wantedUpgrade(head)
  const out = new Out(64)
  writeRequestHead({ head, client, passesFolded: false }, out)
  const sent = new RequestHead()
  if (sent.parse(out.content, 0, out.length) > 0)
    ajpFacts(sent, client, undefined, traffic.isTrusted)
  const entry = accessEntry({
    target: bytes.toString('latin1', head.targetFrom, head.targetTo),
    host: bytes.toString('latin1', head.hostFrom, head.hostTo),
    fields: ['referer'],
  })
  jsonLine(['referer'])(entry, new Out(64))
  const redacted = redaction({ redact: ['query', 'query.a'], client: 'network' }, ['referer'])
  templateLine('combined', ['referer'])(redacted?.(entry) ?? entry, new Out(64))
}

function response(text: string): void {
  const bytes = bytesOf(text)
  const head = new ResponseHead()
  if (head.parse(bytes, 0, bytes.length) <= 0) return
  writeResponseHead({ head, chunked: false, connection: '' }, new Out(64))
}

const manyLines = (name: string): string =>
  Array.from({ length: 20 }, () => `${name}: a\r\n`).join('')

const heads: readonly Reader[] = [
  ...['X-Any', 'Connection', 'Via', 'Forwarded', 'X-Forwarded-For', 'Cookie', 'Upgrade'].map(
    (name): Reader => ({
      about: `a request with a long ${name}`,
      read: request,
      before: `GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n${name}: a`,
      behind: `b\r\n\r\n`,
      length: httpLimits.fieldBytesMax - 100,
    }),
  ),
  {
    about: 'a request with a long target',
    read: request,
    before: 'GET /',
    behind: ` HTTP/1.1\r\n${manyLines('Accept')}Host: a\r\n\r\n`,
    length: httpLimits.targetBytesMax - 100,
  },
  {
    about: 'a request with a long Host',
    read: request,
    before: 'GET / HTTP/1.1\r\nHost: ',
    behind: '\r\n\r\n',
    length: httpLimits.fieldBytesMax - 100,
  },
  {
    about: 'a request with many lines',
    read: request,
    before: 'GET / HTTP/1.1\r\nHost: a\r\n',
    behind: '\r\n',
    units: ['Via: 1.1 a\r\n', 'Forwarded: for=a\r\n', 'Connection: a, b\r\n', 'X: y\r\n', '\r\n'],
    length: 2 * kilobyte,
  },
  {
    about: 'an answer with a long field',
    read: response,
    before: 'HTTP/1.1 200 OK\r\nConnection: a',
    behind: 'b\r\n\r\n',
    length: httpLimits.fieldBytesMax - 100,
  },
]

const paths: readonly Reader[] = [
  {
    about: 'the readings of a path',
    read: (text) => {
      const bytes = bytesOf(text)
      plainPath(bytes, 0, bytes.length)
      const path = rawPath(bytes, 0, bytes.length)
      firstReading(path)
      const readings = pathReadings(path)
      if (readings !== undefined) agreed(readings, (one) => (one.length > 9 ? traffic : undefined))
    },
    before: '/',
    units: usualUnits.filter((unit) => !/[\r\n]/.test(unit)),
    length: 512,
  },
  {
    about: 'a session in a target',
    read: (text) => [pathParameters(text, 'jsessionid'), withoutPathParameter(text, 'jsessionid')],
    before: '/',
    units: [...usualUnits, ';jsessionid', ';jsessionid=', ';jsessionid=a'],
    length: httpLimits.targetBytesMax,
  },
  {
    about: 'a session in cookies',
    read: (text) => {
      const bytes = bytesOf(text)
      cookieValue(bytes, 0, bytes.length, bytesOf('JSESSIONID'))
      addCookieValues(bytes, 0, bytes.length, bytesOf('JSESSIONID'), undefined)
      withoutCookie(text, 'JSESSIONID')
      routesOf(text)
    },
    units: [...usualUnits, 'JSESSIONID;', 'JSESSIONID=a;', 'JSESSIONID'],
    length: httpLimits.fieldBytesMax,
  },
  {
    about: 'a cookie that a node sets',
    read: (text) => readSetCookie(text, 0),
    units: [...usualUnits, '; Expires=', '; Max-Age=1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT;'],
    length: httpLimits.fieldBytesMax,
  },
  {
    about: 'a parameter of a query',
    read: (text) => queryParameter(bytesOf(text), 0, text.length, bytesOf('sid')),
    units: [...usualUnits, 'sid', 'sid&', 'sid='],
    length: httpLimits.targetBytesMax,
  },
]

const fields: readonly Reader[] = [
  {
    about: 'Connection',
    read: (text) => readConnection(bytesOf(text), 0, text.length),
    length: 8_000,
  },
  {
    about: 'Host',
    read: (text) => [hostWithoutPort(text), isAuthority(bytesOf(text), 0, text.length, true)],
    length: 8_000,
  },
  {
    about: 'Authorization and WWW-Authenticate',
    read: isConnectionLogin,
    units: [...usualUnits, ',NTLM', 'Negotiate'],
    length: 8_000,
  },
  { about: 'Forwarded', read: (text) => hopsInForwarded([text]), before: 'for=', length: 32_000 },
  {
    about: 'Forwarded, quoted',
    read: (text) => hopsInForwarded([text]),
    before: 'for="',
    units: ['\\\\', '\\"', 'a', '",for="'],
    length: 32_000,
  },
  {
    about: 'Forwarded in many lines',
    read: (text) => hopsInForwarded(text.split('|')),
    units: ['for=a|', 'for="|', ',|'],
    length: 32_000,
  },
  { about: 'X-Forwarded-For', read: hopsInList, length: 32_000 },
  {
    about: 'the mark of a hand-over',
    read: (text) =>
      readHandedOver(
        text,
        { method: 'GET', target: '/' },
        [createSecretKey(Buffer.alloc(32))],
        0,
        0,
      ),
    before: 'for="',
    length: 8_000,
  },
  { about: 'an address', read: plainAddress, length: 8_000 },
  {
    about: 'the address of a unix socket',
    read: parseUnixAddress,
    before: 'unix:/',
    length: 8_000,
  },
  {
    about: 'a PROXY line',
    read: (text) => new HeaderReader().add(bytesOf(text)),
    before: 'PROXY TCP4 ',
    behind: '\r\n',
    length: 8_000,
  },
  { about: 'the address of a proxy', read: (text) => parseHostPort(text, 1), length: 8_000 },
]

/** One chunked body from a node or client, passed on. */
function chunked(text: string): void {
  for (const rewriting of ['same', 'decode'] as const) {
    const relay = new BodyRelay()
    relay.begin('chunked', -1, rewriting)
    relay.relay(bytesOf(text), 0, text.length, new Out(64))
  }
}

const bodies: readonly Reader[] = [
  {
    about: 'chunks',
    read: chunked,
    units: ['1\r\na\r\n', '1;a=b\r\na\r\n', '01\r\na\r\n'],
    length: 64_000,
  },
  {
    about: 'extensions of a chunk',
    read: chunked,
    before: '1;',
    behind: '\r\na\r\n0\r\n\r\n',
    length: 4_000,
  },
  { about: 'trailers', read: chunked, before: '0\r\nX: ', behind: 'b\r\n\r\n', length: 8_000 },
]

function control(text: string): void {
  const reader = new FrameReader()
  reader.push(bytesOf(text))
  for (let event = reader.next(); event !== undefined; event = reader.next()) {
    if (event.kind !== 'request') continue
    const caller = { remote: '127.0.0.1', acceptsMessages: true }
    admitToPage(event.request, caller, new Identities('a-secret-of-ours', []), () => true)
  }
}

const asked = (
  method: 'CONFIG' | 'ENABLE-APP' | 'STATUS' | 'PING',
  body: string,
): MessageRequest => ({
  method,
  target: '/',
  body: bytesOf(body),
  accept: '',
  contentType: '',
  userAgent: 'ClusterListener/1.0',
})

const emptySnapshot = new Registry({ runId: 'r' }).snapshot

const messages: readonly Reader[] = [
  ...['X-Any', 'Connection', 'Host', 'Origin', 'Authorization', 'Content-Length', 'Expect'].map(
    (name): Reader => ({
      about: `a message with a long ${name}`,
      read: control,
      before: `GET /livez HTTP/1.1\r\n${name}: a`,
      behind: 'b\r\n\r\n',
      length: mcmpLimits.headBytesMax - 100,
    }),
  ),
  {
    about: 'a message with a long target',
    read: control,
    before: 'GET /',
    behind: ' HTTP/1.1\r\n\r\n',
    length: 16_000,
  },
  {
    about: 'a message in chunks',
    read: control,
    before: 'STATUS / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    behind: '0\r\n\r\n',
    units: ['1\r\na\r\n', '1 ;a\r\nb\r\n'],
    length: 60_000,
  },
  {
    about: 'a chunk with extensions',
    read: control,
    before: 'STATUS / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1',
    behind: ';\r\na\r\n0\r\n\r\n',
    length: 1_000,
  },
  {
    about: 'the first request on one port',
    read: (text) => isForTraffic(bytesOf(text), emptySnapshot),
    length: 16_000,
  },
  ...(['CONFIG', 'ENABLE-APP', 'STATUS', 'PING'] as const).map(
    (method): Reader => ({
      about: `the body of ${method}`,
      read: (text) => parseMessage(asked(method, text)),
      before: 'JVMRoute=a&',
      units: [
        ...usualUnits,
        'Alias=a&',
        'Context=/a&',
        'Alias=a,b,c&Context=/d,/e&',
        'Host=[&',
        'Host=[%&',
        'Context=////////&',
      ],
      length: mcmpLimits.messageBytesMax,
    }),
  ),
  {
    about: 'many aliases of one context',
    read: (text) => {
      const names = text.split('x').map((_, index) => index.toString(36))
      return parseMessage(
        asked('ENABLE-APP', `JVMRoute=a&Context=/&Alias=${names.join('&Alias=')}`),
      )
    },
    units: ['x'],
    length: 5_500,
  },
  { about: 'an Authorization', read: readSecret, before: 'Bearer ', length: 8_000 },
  {
    about: 'a question of a page',
    read: (text) => explainQuestion(`url=${encodeURIComponent(text)}`),
    before: '/',
    length: 8_000,
  },
  {
    about: 'the parameters of a page',
    read: readParameters,
    units: [...usualUnits, 'a=b&'],
    length: 64_000,
  },
]

const answers: readonly Reader[] = [
  ...['Node: [1],Name: ', 'Vhost: [1:1:1], Alias: ', 'Context: [1:1:1], Context: '].map(
    (before): Reader => ({
      about: `INFO of a proxy, a line of ${before.slice(0, before.indexOf(':'))}`,
      read: parseInfo,
      before,
      units: [
        ...usualUnits,
        ',Balancer: ',
        ',Balancer: ,LBGroup: ,Host: ,Port: ',
        ',Type: ',
        ',Load: 1',
        ', Status: ',
      ],
      length: 64_000,
    }),
  ),
  {
    about: 'INFO of a proxy, many lines',
    read: parseInfo,
    units: ['Vhost: [1:1:1], Alias: a\n', 'Context: [1:1:1], Context: /a, Status: ENABLED\n'],
    length: 256_000,
  },
  {
    about: 'a reply of a proxy',
    read: parseReply,
    units: [...usualUnits, 'a=b&', '%26', '%3D'],
    length: 64_000,
  },
]

const datagrams: readonly Reader[] = [
  {
    about: 'an advertisement',
    read: (text) => readAdvertisement(bytesOf(text), ''),
    before: 'HTTP/1.0 200 OK\r\n',
    units: [...usualUnits, 'A: b\r\n'],
    length: 500,
  },
  {
    about: 'an announcement',
    read: parseAnnouncementText,
    before: 'topspin-peer/1\nname ',
    behind: '\n',
    units: [...usualUnits, '\nserves /a'],
    length: 1_200,
  },
  {
    about: 'the place in an announcement',
    read: parseAnnouncementText,
    before: 'topspin-peer/1\nname a\nrun 1 1 1\nat http://',
    behind: '\n',
    length: 1_200,
  },
]

const containers: readonly Reader[] = [
  {
    about: 'a head from a container',
    read: (text) => {
      const reader = new AnswerReader()
      reader.expectAnswer(false)
      const content = bytesOf(text)
      const head = Buffer.from([
        0x41,
        0x42,
        (content.length + 12) >> 8,
        (content.length + 12) & 255,
      ])
      const start = Buffer.from([4, 0, 200, 0, 0, 0, 0, 1])
      reader.read(
        Buffer.concat([head, start, Buffer.from([0, 1]), content]),
        content.length + 14,
        new Out(64),
      )
    },
    length: 8_000,
  },
  {
    about: 'pieces of a body from a container',
    read: (text) => {
      const reader = new AnswerReader()
      reader.expectAnswer(false)
      const head = Buffer.from([0x41, 0x42, 0, 8, 4, 0, 200, 0, 0, 0, 0, 0])
      const bytes = Buffer.concat([head, bytesOf(text)])
      reader.read(bytes, bytes.length, new Out(64))
    },
    units: ['AB\0\x05\x03\0\x01a\0', 'AB\0\x03\x06\0\x01'],
    length: 64_000,
  },
]

const all = { heads, paths, fields, bodies, messages, answers, datagrams, containers }
for (const [group, readers] of Object.entries(all)) {
  describe(`linear time: ${group}`, () => {
    for (const reader of readers) test(reader.about, () => assertLinear(reader))
  })
}

function assertLinear({
  read,
  before = '',
  behind = '',
  units = usualUnits,
  length,
}: Reader): void {
  for (const unit of units) {
    const input = (size: number): string =>
      before + unit.repeat(Math.max(1, Math.floor(size / unit.length))) + behind
    const [quarter, whole] = [input(length / 4), input(length)]
    let ratio = Number.POSITIVE_INFINITY
    let shorter = Number.POSITIVE_INFINITY
    let took = Number.POSITIVE_INFINITY
    // What else runs on the machine only makes a run longer: the shortest of many counts.
    for (let attempt = 0; attempt < attemptsMax && ratio > ratioMax; attempt++) {
      shorter = Math.min(
        shorter,
        shortest(() => read(quarter), 1 + attempt),
      )
      took = Math.min(
        took,
        shortest(() => read(whole), 1 + attempt),
      )
      ratio = took < negligibleMs ? 0 : took / shorter
    }
    const what = `${JSON.stringify(unit)} repeated to ${whole.length} characters`
    assert.ok(
      ratio <= ratioMax,
      `${what}: ${took.toFixed(3)} ms, ${ratio.toFixed(1)} times the quarter`,
    )
  }
}

/** 2.5 for each doubling: 4 is linear, 16 quadratic. A single doubling leaves too little room for noise. */
const ratioMax = 2.5 ** 2
const attemptsMax = 10
/** For the longest input there can be this is nothing to worry about, nor to measure. */
const negligibleMs = 0.5

/** Processor time of the shortest of a few runs, ms: the time of this process alone, whatever else runs. */
function shortest(run: () => unknown, effort: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 4 * effort; i++) {
    const start = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / 1_000)
  }
  return least
}
