// A row for each key of the configuration: another value for it, and how the scene sees that it is in force. Used by
// test/scenes/server/reload-keys.test.ts.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type RequestOptions, request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect as secureConnect } from 'node:tls'
import type { StatusReport } from '../../src/control/status-report.ts'
import { readAdvertisement } from '../../src/wire/advertise.ts'
import { StickySeal } from '../../src/wire/sticky-token.ts'
import type { AjpOrigin } from './ajp-origin.ts'
import type { Authority, Pair } from './certificates.ts'
import { heardAdvertisements } from './heard-advertisements.ts'
import { heardTtl } from './heard-ttl.ts'
import { multicastWorks } from './multicast.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'
import { RawClient } from './raw-client.ts'
import { type RawNode, startRawNode } from './raw-node.ts'
import { until } from './until.ts'

export interface ReloadedProxy {
  readonly t: TestContext
  readonly folder: string
  /** Ports of the addresses for clients: plain and TLS. */
  readonly plain: number
  readonly secure: number
  /** Ports that are free for rows. */
  readonly free: readonly number[]
  readonly control: number
  readonly workers: number
  /** Of the fixed node, of another one, of two that register, and of one over TLS. */
  readonly nodes: Readonly<Record<'usual' | 'other' | 'registered' | 'shop' | 'secure', number>>
  readonly ajp: AjpOrigin
  /** Of traces. */
  readonly collector: OtlpReceiver
  readonly authority: Authority
  readonly pair: Pair
  readonly otherPair: Pair
  readonly clientPair: Pair
  /** Requests that the fixed node has received, the newest last. */
  readonly seen: readonly IncomingMessage[]
  /** Common names of the certificates that the node over TLS was shown. */
  readonly shown: readonly string[]
  /** Connections that the fixed node has accepted. */
  accepted(): number
  printed(): string
}

export interface ReloadRow {
  /** By key. */
  readonly values: (proxy: ReloadedProxy) => Readonly<Record<string, unknown>>
  /** Fails when the values are not in force. Absent: the reload says that they are. */
  readonly holds?: (proxy: ReloadedProxy) => Promise<void>
  /** Keys that need a restart. */
  readonly restart?: (proxy: ReloadedProxy) => readonly string[]
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

interface Asked extends RequestOptions {
  readonly body?: string
}

/** A response over a new connection. */
function ask(port: number, path: string, { body, ...options }: Asked = {}): Promise<Answer> {
  const isSecure = options.ca !== undefined || options.rejectUnauthorized !== undefined
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? secureRequest : request)(
      { host: '127.0.0.1', port, path, agent: false, ...options },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    outgoing.setTimeout(8_000, () => outgoing.destroy(new Error('no response')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** What a new connection gets until it ends, for bytes. */
async function bytesFor({ t, plain }: ReloadedProxy, bytes: string): Promise<RawClient> {
  const client = await RawClient.connect(t, plain)
  client.send(bytes)
  return client
}

const ends = (client: RawClient, pattern: RegExp): Promise<void> =>
  until(
    `${pattern} and the end`,
    () => (client.ended || client.closed) && pattern.test(client.text),
    6_000,
    () => client.text,
  )

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })

const subjectAt = (port: number, servername?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false }
    const socket = secureConnect({ ...options, ...(servername && { servername }) }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })

const protocolAt = (port: number): Promise<string | false | null> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false }
    const socket = secureConnect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
      resolve(socket.alpnProtocol)
      socket.destroy()
    })
    socket.on('error', reject)
  })

async function send(
  port: number,
  method: string,
  body: string,
  path: string = '/',
): Promise<Answer> {
  return ask(port, path, { method, body, headers: { 'content-length': Buffer.byteLength(body) } })
}

/** Registers a node; the reply to its first message. */
async function register(
  { control, nodes }: ReloadedProxy,
  route: string,
  context: string,
  more: { readonly alias?: string; readonly node?: string; readonly app?: string } = {},
): Promise<Answer> {
  const at = more.node ?? `Host=127.0.0.1&Port=${nodes.registered}&Type=http`
  const reply = await send(control, 'CONFIG', `JVMRoute=${route}&${at}`)
  if (reply.status !== 200) return reply
  const app = more.app ?? `Alias=${more.alias ?? 'localhost'}&Context=${context}`
  const enabled = await send(control, 'ENABLE-APP', `JVMRoute=${route}&${app}`)
  return enabled.status === 200 ? send(control, 'STATUS', `JVMRoute=${route}&Load=50`) : enabled
}

async function remove({ control }: ReloadedProxy, ...routes: readonly string[]): Promise<void> {
  for (const route of routes) await send(control, 'REMOVE-APP', `JVMRoute=${route}`, '/*')
}

const status = async ({ control }: ReloadedProxy): Promise<StatusReport> =>
  JSON.parse((await ask(control, '/api/status')).text) as StatusReport

async function cascadeAt({ control }: ReloadedProxy, path: string): Promise<string> {
  const url = encodeURIComponent(`http://localhost${path}`)
  return (await ask(control, `/api/v1/explain?url=${url}`)).text
}

/** The newest request that the fixed node has received with this path. */
async function seenAt(
  proxy: ReloadedProxy,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage['headers']> {
  await ask(proxy.plain, path, { headers })
  const found = proxy.seen.findLast(({ url }) => url === path)
  assert.ok(found, `${path} has arrived`)
  return found.headers
}

const secretText = 'a-secret-of-thirty-characters.'
const tokenText = 'a-token-of-more-than-thirty-characters'
const withSecret = { headers: { authorization: `Bearer ${secretText}` } }

const overTls = (
  key: string,
  value: (proxy: ReloadedProxy) => unknown,
  more: (proxy: ReloadedProxy) => Readonly<Record<string, unknown>> = () => ({}),
): ReloadRow['values'] => {
  return (proxy) => ({
    to: [`https://127.0.0.1:${proxy.nodes.secure}`],
    [key]: value(proxy),
    ...more(proxy),
  })
}

const servedOverTls = async ({ plain }: ReloadedProxy): Promise<void> =>
  assert.equal((await ask(plain, '/')).text, 'secure')

const clientTls = ({ authority }: ReloadedProxy): Readonly<Record<string, unknown>> => ({
  'tls.ca': authority.certFile,
  'tls.clientAuth': 'require',
})

const needsCertificate = async ({ secure }: ReloadedProxy): Promise<void> =>
  assert.equal((await ask(secure, '/', { rejectUnauthorized: false })).status, 403)

const renewed = ({ otherPair }: ReloadedProxy): Readonly<Record<string, unknown>> => ({
  'tls.cert': otherPair.certFile,
  'tls.key': otherPair.keyFile,
})

const isRenewed = async ({ secure }: ReloadedProxy): Promise<void> =>
  assert.equal(await subjectAt(secure), 'renewed')

const controlTls = ({ pair, authority }: ReloadedProxy): Readonly<Record<string, unknown>> => ({
  'control.tls.cert': pair.certFile,
  'control.tls.key': pair.keyFile,
  'control.tls.ca': authority.certFile,
  'control.tls.clientAuth': 'require',
})

const controlHasTls = async ({ control, authority, clientPair }: ReloadedProxy): Promise<void> => {
  const { cert, key } = clientPair
  const known = await ask(control, '/api/status', { ca: authority.cert, cert, key })
  assert.equal(known.status, 200)
  const unknown = await ask(control, '/api/status', { ca: authority.cert })
  assert.equal(unknown.status, 403)
}

const controlTlsWith =
  (more: Readonly<Record<string, unknown>>): ReloadRow['values'] =>
  (proxy) => ({ ...controlTls(proxy), ...more })

/** The passphrase of a key that is not encrypted is not used. */
/** The pair in files of its own. */
const copied = ({ folder }: ReloadedProxy, { cert, key }: Pair): Record<string, string> => {
  const [certFile, keyFile] = [join(folder, 'own.crt'), join(folder, 'own.key')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  return { 'tls.cert': certFile, 'tls.key': keyFile }
}

const passphrase = ({ folder }: ReloadedProxy): string => {
  const file = join(folder, 'passphrase')
  writeFileSync(file, 'not used\n')
  return file
}

const refusesVersion = async ({ secure }: ReloadedProxy): Promise<void> => {
  const options = { rejectUnauthorized: false, maxVersion: 'TLSv1.2' as const }
  await assert.rejects(ask(secure, '/', options), /protocol.version/i)
}

const advertiseGroup = '224.0.1.105'
const hasMulticast = await multicastWorks(advertiseGroup, '127.0.0.1')

/** @param fits a datagram; so many are to be heard. */
const advertising = (
  more: Readonly<Record<string, unknown>>,
  fits: (bytes: Buffer) => boolean = () => true,
  count: number = 1,
): ReloadRow => ({
  values: ({ free }) => ({
    'advertise.group': `${advertiseGroup}:${free[2]}`,
    'advertise.interface': '127.0.0.1',
    ...more,
  }),
  holds: async ({ free, printed }) => {
    if (hasMulticast) return heardAdvertisements(advertiseGroup, free[2] ?? 0, count, fits)
    return until('it advertises', () => printed().includes('"msg":"advertising"'))
  },
})

/** The access log in a file has a line for a request after the reload. */
const logged = (values: Readonly<Record<string, unknown>>, line: RegExp): ReloadRow => ({
  values: ({ folder }) => ({ 'accessLog.to': logFile(folder), ...values }),
  holds: async ({ plain, folder }) => {
    await ask(plain, '/logged?a=b', { headers: { 'x-one': '1' } })
    const text = (): string => readFileSync(logFile(folder), 'utf8')
    await until('the request is logged', () => line.test(text()))
    rmSync(logFile(folder))
  },
})

const logFile = (folder: string): string => join(folder, 'access.log')

/** The effect shows at the end of the process or of an address: test/scenes/server/reload-ends.test.ts. */
const simple = (key: string, value: unknown): ReloadRow => ({ values: () => ({ [key]: value }) })

/** Spans are sent to the collector. */
const traced = (
  values: Readonly<Record<string, unknown>>,
  holds: (proxy: ReloadedProxy) => Promise<void>,
): ReloadRow => ({
  values: ({ collector }) => ({ 'tracing.endpoint': collector.url, ...values }),
  holds,
})

/** Requests with one key go to one of two nodes, and those with many keys to both. */
const affinity = (
  key: string,
  ask: (proxy: ReloadedProxy, session: string) => Promise<Answer>,
): ReloadRow => ({
  values: ({ nodes }) => ({
    to: [`127.0.0.1:${nodes.usual}`, `127.0.0.1:${nodes.other}`],
    [key]: 'tenant',
  }),
  holds: async (proxy) => {
    const names = Array.from({ length: 16 }, (_, index) => `name-${index}`)
    const first = await Promise.all(names.map(async (name) => (await ask(proxy, name)).text))
    const second = await Promise.all(names.map(async (name) => (await ask(proxy, name)).text))
    assert.deepEqual(second, first)
    assert.deepEqual(new Set(first), new Set(['usual', 'other']))
  },
})

/** Registers a node of its own for the row, which is asked once. @returns the response and how long it took, ms. */
async function askRawNode(
  proxy: ReloadedProxy,
  { port }: RawNode,
  type: 'http' | 'https' = 'http',
): Promise<{ status: number; ms: number }> {
  const { status: registered } = await register(proxy, 'raw', '/raw', {
    node: `Host=127.0.0.1&Port=${port}&Type=${type}`,
  })
  assert.equal(registered, 200)
  const from = performance.now()
  const { status } = await ask(proxy.plain, '/raw')
  return { status, ms: performance.now() - from }
}

/** A key that a reload names as one for a restart, and which changes nothing until then. */
const atRestart = (
  key: string,
  value: (proxy: ReloadedProxy) => unknown,
  others: (proxy: ReloadedProxy) => Readonly<Record<string, unknown>> = () => ({}),
): ReloadRow => ({
  values: (proxy) => ({ [key]: value(proxy), ...others(proxy) }),
  restart: (proxy) => [key, ...Object.keys(others(proxy))],
})

type OfProxy<Value> = (proxy: ReloadedProxy) => Value
type SecureXdsRow = readonly [key: string, value: OfProxy<unknown>, others?: OfProxy<object>]

const secureXdsRows: readonly SecureXdsRow[] = [
  ['cert', () => ({})],
  ['key', () => ({})],
  ['passphraseFile', passphrase],
  ['certificates', ({ otherPair }) => [{ cert: otherPair.certFile, key: otherPair.keyFile }]],
  ['ca', ({ authority }) => authority.certFile],
  ['clientAuth', () => 'require', ({ authority }) => ({ 'xds.tls.ca': authority.certFile })],
  ['minVersion', () => '1.3'],
  ['ciphers', () => 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['ecdhCurve', () => 'X25519:prime256v1'],
]

/** TLS where there was none. */
function secureXds([key, value, others = () => ({})]: SecureXdsRow): ReloadRow {
  const values = (proxy: ReloadedProxy): Readonly<Record<string, unknown>> => ({
    'xds.listen': '127.0.0.1:18000',
    [`xds.tls.${key}`]: value(proxy),
    ...others(proxy),
    'xds.tls.cert': proxy.pair.certFile,
    'xds.tls.key': proxy.pair.keyFile,
  })
  return { values, restart: (proxy) => Object.keys(values(proxy)) }
}

const tooLarge = (key: string, value: number, fields: number, length: number): ReloadRow => ({
  values: () => ({ [key]: value }),
  holds: async ({ plain }) => {
    const headers = Object.fromEntries(
      Array.from({ length: fields }, (_, at) => [`x-${at}`, 'x'.repeat(length)]),
    )
    assert.equal((await ask(plain, '/', { headers })).status, 431)
  },
})

const full = (key: string, app: string): ReloadRow => ({
  values: () => ({ [key]: 1 }),
  holds: async (proxy) => {
    const replies = [
      await register(proxy, 'one', '/one', { app }),
      await register(proxy, 'two', '/two', { app }),
    ]
    await remove(proxy, 'one', 'two')
    assert.ok(replies.some(({ text, headers }) => /MEM/.test(`${headers['type']} ${text}`)))
  },
})

/** The cookie that keeps sessions at their node. */
const insertsCookie = (more: Readonly<Record<string, unknown>>, cookie: RegExp): ReloadRow => ({
  values: () => ({ 'sticky.insert.when': 'always', ...more }),
  holds: async ({ plain }) =>
    assert.match(String((await ask(plain, '/')).headers['set-cookie']), cookie),
})

const slowPost = (head: string): string => `POST /echo HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`

/** An order by this configuration is tried, for a name that no other row has; its authority is not there. */
const orders = (key: string, value?: unknown): ReloadRow => ({
  values: ({ folder, free, authority }) => {
    const hmacFile = join(folder, 'hmac')
    writeFileSync(hmacFile, 'c2VjcmV0')
    return {
      'acme.names': [`${key}.example`],
      'acme.directory': `https://127.0.0.1:${free[0]}/dir`,
      'acme.agreeTos': true,
      'acme.storage': join(folder, 'acme'),
      'acme.eab.kid': 'one',
      'acme.eab.hmacFile': hmacFile,
      'acme.caFile': authority.certFile,
      ...(value === undefined ? {} : { [key]: value }),
    }
  },
  holds: async ({ printed, free }) => {
    const reason = `"reason":"connect ECONNREFUSED 127.0.0.1:${free[0]}"`
    const line = `"name":"${key.toLowerCase()}.example",${reason}`
    // The library is loaded for the first order, which takes seconds on a busy machine.
    await until('the order has failed', () => printed().includes(line), 30_000)
  },
})

export const reloadRows: Readonly<Record<string, ReloadRow>> = {
  listen: {
    values: ({ plain, secure, free }) => ({
      listen: [`127.0.0.1:${plain}`, `https://127.0.0.1:${secure}`, `127.0.0.1:${free[0]}`],
    }),
    holds: async ({ free }) => assert.equal((await ask(free[0] ?? 0, '/')).text, 'usual'),
  },
  'tls.cert': { values: renewed, holds: isRenewed },
  'tls.key': { values: renewed, holds: isRenewed },
  'tls.ca': {
    values: clientTls,
    holds: needsCertificate,
  },
  'tls.clientAuth': {
    values: clientTls,
    holds: needsCertificate,
  },
  'tls.passphraseFile': {
    values: (proxy) => ({ ...renewed(proxy), 'tls.passphraseFile': passphrase(proxy) }),
    holds: isRenewed,
  },
  'tls.certificates': {
    values: ({ otherPair }) => ({
      'tls.certificates': [
        { cert: otherPair.certFile, key: otherPair.keyFile, names: ['*.shop.example'] },
      ],
    }),
    holds: async ({ secure }) => {
      assert.equal(await subjectAt(secure, 'a.shop.example'), 'renewed')
      assert.equal(await subjectAt(secure), 'first')
    },
  },
  'tls.minVersion': { values: () => ({ 'tls.minVersion': '1.3' }), holds: refusesVersion },
  'tls.ciphers': {
    values: () => ({ 'tls.ciphers': 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' }),
    holds: async ({ secure }) => {
      const options = { rejectUnauthorized: false, ciphers: 'TLS_AES_256_GCM_SHA384' }
      await assert.rejects(ask(secure, '/', options), /handshake failure/i)
    },
  },
  'tls.ecdhCurve': {
    values: () => ({ 'tls.ecdhCurve': 'P-384' }),
    holds: async ({ secure }) => {
      const options = { rejectUnauthorized: false, ecdhCurve: 'X25519' }
      await assert.rejects(ask(secure, '/', options), /handshake failure/i)
    },
  },
  'tls.strictSni': {
    values: () => ({ 'tls.strictSni': true }),
    holds: async ({ secure }) => {
      assert.equal(await subjectAt(secure, 'localhost'), 'first')
      await assert.rejects(subjectAt(secure, 'other.example'), /UNRECOGNIZED_NAME|unrecognized/i)
    },
  },
  'tls.ticketKeyFile': {
    values: ({ folder }) => {
      writeFileSync(join(folder, 'tickets'), 'k'.repeat(48))
      return { 'tls.ticketKeyFile': join(folder, 'tickets') }
    },
    holds: async ({ secure }) => assert.equal(await subjectAt(secure, 'localhost'), 'first'),
  },
  'tls.watch': {
    values: (proxy) => ({ ...copied(proxy, proxy.pair), 'tls.watch': '100ms' }),
    holds: async (proxy) => {
      copied(proxy, proxy.otherPair)
      const { secure } = proxy
      await until('it is read', async () => (await subjectAt(secure)) === 'renewed', 10_000)
    },
  },
  httpsRedirect: {
    values: ({ plain, secure, free }) => ({
      listen: [
        { at: `127.0.0.1:${plain}`, httpsRedirect: 'off' },
        `https://127.0.0.1:${secure}`,
        `127.0.0.1:${free[0]}`,
      ],
      httpsRedirect: 'on',
    }),
    holds: async ({ free, secure }) => {
      const { status, headers } = await ask(free[0] ?? 0, '/')
      assert.equal(status, 308)
      assert.match(String(headers.location), new RegExp(`^https://.*:${secure}/$`))
    },
  },
  routes: {
    values: () => ({ routes: [{ match: '/ruled', answer: { status: 418, body: 'by a rule' } }] }),
    holds: async ({ plain }) => {
      const { status, text } = await ask(plain, '/ruled')
      assert.deepEqual([status, text], [418, 'by a rule'])
    },
  },
  hsts: {
    values: () => ({ hsts: '1d' }),
    holds: async ({ secure }) => {
      const { headers } = await ask(secure, '/', { rejectUnauthorized: false })
      assert.equal(headers['strict-transport-security'], 'max-age=86400')
    },
  },
  'tls.forwardClientCert': {
    values: (proxy) => ({ ...clientTls(proxy), 'tls.forwardClientCert': true }),
    holds: async ({ secure, authority, clientPair: { cert, key }, seen }) => {
      const options = { ca: authority.cert, cert, key }
      assert.equal((await ask(secure, '/certificate', options)).status, 200)
      assert.match(
        String(seen.findLast(({ url }) => url === '/certificate')?.headers['client-cert']),
        /^:/,
      )
    },
  },
  'control.listen': {
    values: ({ free }) => ({ 'control.listen': `127.0.0.1:${free[1]}` }),
    holds: async ({ control, free }) => {
      assert.equal((await ask(free[1] ?? 0, '/readyz')).status, 200)
      await until('the old address is closed', () => isRefused(control))
    },
  },
  'control.console': {
    values: ({ free }) => ({ 'control.console': `127.0.0.1:${free[1]}` }),
    holds: async ({ free }) => {
      assert.equal((await ask(free[1] ?? 0, '/mod_cluster-manager')).status, 200)
      assert.equal((await send(free[1] ?? 0, 'INFO', '')).status, 501)
    },
  },
  'control.names': {
    values: () => ({ 'control.names': ['proxy.example'] }),
    holds: async ({ control }) => {
      const headers = { host: 'proxy.example' }
      assert.equal((await ask(control, '/api/status', { headers })).status, 200)
    },
  },
  'control.peers': {
    values: () => ({ 'control.peers': ['http://127.0.0.1:1/peers'] }),
    holds: async ({ control }) => {
      const { status, text } = await ask(control, '/api/v1/peers')
      assert.equal(status, 200)
      assert.deepEqual(JSON.parse(text).peers, [])
    },
  },
  'control.allow': {
    values: () => ({ 'control.allow': ['10.1.2.3'] }),
    holds: ({ control }) => assert.rejects(ask(control, '/readyz')),
  },
  'control.secret': {
    values: () => ({ 'control.secret': secretText }),
    holds: async ({ control }) => {
      assert.equal((await ask(control, '/api/status')).status, 401)
      assert.equal((await ask(control, '/api/status', withSecret)).status, 200)
    },
  },
  'control.tokens': {
    values: () => ({
      'control.tokens': [{ name: 'watcher', token: tokenText }],
      'control.secret': secretText,
    }),
    holds: async ({ control }) => {
      const headers = { authorization: `Bearer ${tokenText}` }
      assert.equal((await ask(control, '/api/status')).status, 401)
      assert.equal((await ask(control, '/api/status', { headers })).status, 200)
    },
  },
  'control.secretFile': {
    values: ({ folder }) => {
      writeFileSync(join(folder, 'secret'), secretText)
      return { 'control.secretFile': join(folder, 'secret') }
    },
    holds: async ({ control }) => {
      assert.equal((await ask(control, '/api/status')).status, 401)
      assert.equal((await ask(control, '/api/status', withSecret)).status, 200)
    },
  },
  'control.nodes.allow': {
    values: () => ({ 'control.nodes.allow': ['10.0.0.0/8'] }),
    holds: async (proxy) => {
      const { text, headers } = await register(proxy, 'far', '/far')
      assert.match(`${headers['mess']} ${text}`, /not allowed/)
    },
  },
  'control.compat': {
    values: () => ({ 'control.compat': true }),
    holds: async ({ control }) => {
      const action = '/mod_cluster-manager?Cmd=DISABLE-APP&Range=NODE&JVMRoute=nobody'
      assert.notEqual((await ask(control, action)).status, 405)
    },
  },
  'control.traffic': {
    values: ({ workers }) => ({ 'control.traffic': true, ...(workers > 0 ? { workers: 0 } : {}) }),
    restart: ({ workers }) => (workers > 0 ? ['control.traffic', 'workers'] : []),
    holds: async ({ control, workers }) => {
      if (workers === 0) assert.equal((await ask(control, '/')).text, 'usual')
    },
  },
  'control.statusTimeout': {
    values: () => ({ 'control.statusTimeout': '200ms' }),
    holds: async (proxy) => {
      assert.equal((await register(proxy, 'quiet', '/quiet')).status, 200)
      await until('it is silent', () => /stopped reporting/.test(proxy.printed()))
      await remove(proxy, 'quiet')
    },
  },
  'control.removeAfter': {
    values: () => ({ 'control.removeAfter': '100ms' }),
    holds: async (proxy) => {
      assert.equal((await register(proxy, 'brief', '/brief')).status, 200)
      await remove(proxy, 'brief')
      const isGone = async (): Promise<boolean> =>
        !(await status(proxy)).nodes.some(({ route }) => route === 'brief')
      await until('its row is gone', isGone, 6_000)
    },
  },
  'control.tls.cert': { values: controlTls, holds: controlHasTls },
  'control.tls.key': { values: controlTls, holds: controlHasTls },
  'control.tls.ca': { values: controlTls, holds: controlHasTls },
  'control.tls.clientAuth': { values: controlTls, holds: controlHasTls },
  'control.tls.passphraseFile': {
    values: (proxy) => ({ ...controlTls(proxy), 'control.tls.passphraseFile': passphrase(proxy) }),
    holds: controlHasTls,
  },
  'control.tls.certificates': {
    values: (proxy) => ({
      ...controlTls(proxy),
      'control.tls.certificates': [
        { cert: proxy.otherPair.certFile, key: proxy.otherPair.keyFile, names: ['*.example'] },
      ],
    }),
    holds: async (proxy) => {
      await controlHasTls(proxy)
      assert.equal(await subjectAt(proxy.control, 'a.example'), 'renewed')
    },
  },
  'control.tls.minVersion': {
    values: controlTlsWith({ 'control.tls.minVersion': 1.3 }),
    holds: async (proxy) => {
      await controlHasTls(proxy)
      await refusesVersion({ ...proxy, secure: proxy.control })
    },
  },
  'control.tls.ciphers': {
    values: controlTlsWith({ 'control.tls.ciphers': 'ECDHE+AESGCM:TLS_AES_128_GCM_SHA256' }),
    holds: controlHasTls,
  },
  'control.tls.ecdhCurve': {
    values: controlTlsWith({ 'control.tls.ecdhCurve': 'X25519:P-256' }),
    holds: controlHasTls,
  },
  'control.limits.nodes': full('control.limits.nodes', 'Alias=localhost&Context=/a'),
  'control.limits.aliases': full('control.limits.aliases', 'Alias=one,two&Context=/a'),
  'control.limits.contexts': full('control.limits.contexts', 'Alias=localhost&Context=/a,/b'),
  'control.limits.messageBytes': {
    values: () => ({ 'control.limits.messageBytes': 1_024 }),
    holds: async ({ control }) => {
      const body = `JVMRoute=long&Host=127.0.0.1&Port=1&Type=http&Alias=${'x'.repeat(1_500)}`
      assert.notEqual((await send(control, 'CONFIG', body)).status, 200)
    },
  },
  'acme.names': orders('acme.names'),
  'acme.allow': orders('acme.allow', '.apps.example'),
  'acme.challenge': orders('acme.challenge', 'http-01'),
  'acme.directory': orders('acme.directory'),
  'acme.agreeTos': orders('acme.agreeTos'),
  'acme.email': orders('acme.email', 'admin@shop.example'),
  'acme.storage': orders('acme.storage'),
  'acme.keyType': orders('acme.keyType', 'rsa'),
  'acme.renewBefore': orders('acme.renewBefore', '240h'),
  'acme.eab.kid': orders('acme.eab.kid'),
  'acme.eab.hmacFile': orders('acme.eab.hmacFile'),
  'acme.caFile': orders('acme.caFile'),
  'nodeTls.ca': {
    values: overTls('nodeTls.ca', ({ authority }) => authority.certFile),
    holds: servedOverTls,
  },
  'nodeTls.pin': {
    values: overTls('nodeTls.pin', ({ pair }) => [
      new X509Certificate(pair.cert).fingerprint256.replaceAll(':', ''),
    ]),
    holds: servedOverTls,
  },
  'nodeTls.cert': {
    values: overTls(
      'nodeTls.cert',
      ({ clientPair }) => clientPair.certFile,
      ({ clientPair, authority }) => ({
        'nodeTls.key': clientPair.keyFile,
        'nodeTls.ca': authority.certFile,
      }),
    ),
    holds: async (proxy) => {
      await servedOverTls(proxy)
      await until('the node has seen the certificate', () => proxy.shown.includes('client'))
    },
  },
  'nodeTls.key': {
    values: overTls(
      'nodeTls.key',
      ({ clientPair }) => clientPair.keyFile,
      ({ clientPair, authority }) => ({
        'nodeTls.cert': clientPair.certFile,
        'nodeTls.ca': authority.certFile,
      }),
    ),
    holds: servedOverTls,
  },
  'nodeTls.servername': {
    values: overTls(
      'nodeTls.servername',
      () => 'localhost',
      ({ authority }) => ({ 'nodeTls.ca': authority.certFile }),
    ),
    holds: servedOverTls,
  },
  'nodeTls.http2': {
    values: overTls(
      'nodeTls.http2',
      () => true,
      ({ authority }) => ({ 'nodeTls.ca': authority.certFile }),
    ),
    holds: servedOverTls,
  },
  'nodeTls.verify': { values: overTls('nodeTls.verify', () => false), holds: servedOverTls },
  to: {
    values: ({ nodes }) => ({ to: [`127.0.0.1:${nodes.other}`] }),
    holds: async ({ plain }) => assert.equal((await ask(plain, '/')).text, 'other'),
  },
  sendProxy: {
    values: () => ({ sendProxy: [{ version: 'v1', node: 'raw' }] }),
    holds: async (proxy) => {
      const node = await startRawNode(proxy.t)
      await askRawNode(proxy, node)
      const header = /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET \/raw /
      assert.ok(
        node.received.some((text) => header.test(text)),
        node.received.join('|'),
      )
      await remove(proxy, 'raw')
    },
  },
  workers: {
    values: ({ workers }) => ({ workers: workers + 1 }),
    restart: ({ workers }) => (workers === 0 ? ['workers'] : []),
    holds: async (proxy) => {
      const wanted = proxy.workers === 0 ? 0 : proxy.workers + 1
      assert.equal((await status(proxy)).workers.length, wanted)
    },
  },
  'trust.from': {
    values: () => ({ 'trust.from': ['127.0.0.1'] }),
    holds: async (proxy) => {
      const { 'x-forwarded-for': to } = await seenAt(proxy, '/from', {
        'x-forwarded-for': '9.9.9.9',
      })
      assert.match(String(to), /^9\.9\.9\.9/)
    },
  },
  'trust.header': {
    values: () => ({ 'trust.from': ['127.0.0.1'], 'trust.header': 'forwarded' }),
    holds: async (proxy) => {
      const claims = { 'x-forwarded-for': '9.9.9.9', forwarded: 'for=8.8.8.8' }
      assert.match(String((await seenAt(proxy, '/by', claims))['x-forwarded-for']), /^8\.8\.8\.8/)
    },
  },
  'headers.underscores': {
    values: () => ({ 'headers.underscores': 'reject' }),
    holds: async ({ plain }) =>
      assert.equal((await ask(plain, '/', { headers: { x_forwarded_for: 'a' } })).status, 400),
  },
  'headers.maxField': tooLarge('headers.maxField', 1_024, 1, 1_500),
  'headers.maxTotal': tooLarge('headers.maxTotal', 1_024, 3, 500),
  'headers.maxCount': tooLarge('headers.maxCount', 20, 30, 1),
  'target.strict': {
    values: () => ({ 'target.strict': true }),
    holds: async (proxy) =>
      ends(
        await bytesFor(proxy, 'GET /a[b] HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
        /^HTTP\/1\.1 400/,
      ),
  },
  allowHalfOpen: {
    values: () => ({ allowHalfOpen: true }),
    holds: async (proxy) => {
      const client = await bytesFor(proxy, 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n')
      client.socket.end()
      await ends(client, /^HTTP\/1\.1 200/)
    },
  },
  http2: {
    values: () => ({ http2: false }),
    holds: async ({ secure }) => assert.equal(await protocolAt(secure), 'http/1.1'),
  },
  useAlias: {
    values: () => ({ useAlias: true }),
    holds: async (proxy) => {
      const { status: code, text } = await register(proxy, 'shop', '/only', {
        alias: 'shop.test',
        node: `Host=127.0.0.1&Port=${proxy.nodes.shop}&Type=http`,
      })
      assert.equal(code, 200, text)
      const at = async (host: string): Promise<string> =>
        (await ask(proxy.plain, '/only', { headers: { host } })).text
      assert.deepEqual([await at('shop.test'), await at('any.test')], ['shop', 'usual'])
      await remove(proxy, 'shop')
    },
  },
  noContextStatus: {
    values: ({ nodes }) => ({
      to: [{ address: `127.0.0.1:${nodes.usual}`, aliases: ['any.test'] }],
      useAlias: true,
      noContextStatus: 410,
    }),
    holds: async ({ plain }) =>
      assert.equal((await ask(plain, '/', { headers: { host: 'nobody.test' } })).status, 410),
  },
  deterministicFailover: {
    values: () => ({ deterministicFailover: true }),
    holds: async (proxy) => assert.match(await cascadeAt(proxy, '/'), /bySessionId/),
  },
  via: {
    values: () => ({ via: 'edge-7' }),
    holds: async (proxy) => assert.match(String((await seenAt(proxy, '/via'))['via']), /edge-7/),
  },
  candidacy: {
    values: () => ({ candidacy: 'byRandom' }),
    holds: async (proxy) => assert.match(await cascadeAt(proxy, '/'), /byRandom/),
  },
  balance: {
    values: () => ({ balance: [{ path: '/p', candidacy: 'byRandom' }] }),
    holds: async (proxy) => {
      assert.match(await cascadeAt(proxy, '/p/x'), /byRandom/)
      assert.doesNotMatch(await cascadeAt(proxy, '/'), /byRandom/)
    },
  },
  'sticky.insert.when': insertsCookie({}, /^TOPSPIN=/),
  'sticky.insert.name': insertsCookie({ 'sticky.insert.name': 'MINE' }, /^MINE=/),
  'sticky.insert.secret': {
    values: () => ({ 'sticky.insert.when': 'always', 'sticky.insert.secret': secretText }),
    holds: async ({ plain }) => {
      const [, token = ''] =
        /^TOPSPIN=([^;]+)/.exec(String((await ask(plain, '/')).headers['set-cookie'])) ?? []
      assert.ok(new StickySeal(secretText, 'mycluster').read(token), token)
    },
  },
  'sticky.insert.ttl': insertsCookie({ 'sticky.insert.ttl': '1h' }, /Max-Age=3600/),
  'sticky.insert.sameSite': insertsCookie(
    { 'sticky.insert.sameSite': 'strict' },
    /SameSite=Strict/,
  ),
  'sticky.insert.secure': insertsCookie({ 'sticky.insert.secure': 'true' }, /Secure/),
  'sticky.insert.domain': insertsCookie(
    { 'sticky.insert.domain': 'shop.test' },
    /Domain=shop\.test/,
  ),
  'sticky.insert.path': insertsCookie({ 'sticky.insert.path': '/' }, /Path=\//),
  'sticky.header': affinity('sticky.header', ({ plain }, tenant) =>
    ask(plain, '/', { headers: { tenant } }),
  ),
  'sticky.query': affinity('sticky.query', ({ plain }, tenant) => ask(plain, `/?tenant=${tenant}`)),
  'health.checks': {
    values: () => ({ 'health.checks': { probe: 'http', path: '/ready', interval: '100ms' } }),
    holds: ({ seen }) => until('it is probed', () => seen.some(({ url }) => url === '/ready')),
  },
  'health.listen': {
    values: ({ free }) => ({ 'health.listen': `127.0.0.1:${free[1]}` }),
    holds: async ({ free }) => assert.equal((await ask(free[1] ?? 0, '/readyz')).status, 200),
  },
  'drain.delay': simple('drain.delay', '1s'),
  maxConnections: simple('maxConnections', 40_000),
  'timeouts.head': {
    values: () => ({ 'timeouts.head': '300ms' }),
    holds: async (proxy) => ends(await bytesFor(proxy, 'GET / HT'), /^HTTP\/1\.1 408/),
  },
  'timeouts.idle': {
    values: () => ({ 'timeouts.idle': '1s' }),
    holds: async (proxy) =>
      ends(await bytesFor(proxy, 'GET /idle HTTP/1.1\r\nHost: x\r\n\r\n'), /200 OK/),
  },
  'timeouts.body': {
    values: () => ({ 'timeouts.body': '300ms' }),
    holds: async (proxy) =>
      ends(await bytesFor(proxy, `${slowPost('Content-Length: 9')}x`), /^HTTP\/1\.1 408/),
  },
  'timeouts.request': {
    values: () => ({ 'timeouts.request': '500ms' }),
    holds: async (proxy) => {
      const client = await bytesFor(proxy, slowPost('Content-Length: 900000'))
      const more = setInterval(() => client.send('x'.repeat(500)), 50)
      await ends(client, /^HTTP\/1\.1 408/).finally(() => clearInterval(more))
    },
  },
  'timeouts.send': {
    values: () => ({ 'timeouts.send': '300ms' }),
    holds: async ({ t, plain }) => {
      const socket = connect(plain, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.write('GET /big HTTP/1.1\r\nHost: x\r\n\r\n')
      let [isClosed, isPaused] = [false, false]
      socket.once('data', () => {
        socket.pause()
        isPaused = true
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        isClosed = true
      })
      await until('the response has begun', () => isPaused)
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      let bytes = 0
      socket.on('data', (piece) => {
        bytes += piece.length
      })
      socket.resume()
      await until('the connection was cut', () => isClosed)
      assert.ok(bytes < 50_000_000)
    },
  },
  'timeouts.connect': {
    values: () => ({ 'timeouts.connect': '200ms', 'timeouts.responseHead': '1s' }),
    holds: async (proxy) => {
      // It accepts, and does not answer the handshake: without another node it is waited for as for an answer.
      const { status, ms } = await askRawNode(proxy, await startRawNode(proxy.t, true), 'https')
      assert.equal(status, 503)
      assert.ok(ms < 2_900, `${ms} ms: the default is 3 s`)
      await remove(proxy, 'raw')
    },
  },
  'timeouts.responseHead': {
    values: () => ({ 'timeouts.responseHead': '1s' }),
    holds: async ({ plain }) => assert.equal((await ask(plain, '/stall')).status, 504),
  },
  'timeouts.responseBody': {
    values: () => ({ 'timeouts.responseBody': '1s' }),
    holds: ({ plain }) => assert.rejects(ask(plain, '/part'), /aborted|ECONNRESET/),
  },
  'timeouts.tunnel': {
    values: () => ({ 'timeouts.tunnel': '500ms' }),
    holds: async (proxy) => {
      const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
      const client = await bytesFor(proxy, `GET /tunnel HTTP/1.1\r\n${upgrade}`)
      await ends(client, /^HTTP\/1\.1 101/)
    },
  },
  'timeouts.drain': simple('timeouts.drain', '2s'),
  'timeouts.replaced': simple('timeouts.replaced', '2s'),
  'body.minRate': {
    values: () => ({ 'body.minRate': 1_000_000, 'timeouts.body': '300ms' }),
    holds: async (proxy) => {
      const client = await bytesFor(proxy, slowPost('Content-Length: 900000'))
      const more = setInterval(() => client.send('x'.repeat(500)), 50)
      await ends(client, /^HTTP\/1\.1 408/).finally(() => clearInterval(more))
    },
  },
  'pool.idle': {
    values: () => ({ 'pool.idle': '500ms' }),
    holds: async (proxy) => {
      const node = await startRawNode(proxy.t)
      await askRawNode(proxy, node)
      const used = node.received.findIndex((text) => text.startsWith('GET /raw '))
      await until('its connection is closed', () => node.isClosed(used), 10_000)
      await remove(proxy, 'raw')
    },
  },
  'pool.idleMax': {
    values: () => ({ 'pool.idleMax': 0 }),
    holds: async ({ plain, accepted }) => {
      let before = 0
      // Connections that were idle before may still be used once.
      await until('each request has a connection of its own', async () => {
        before = accepted()
        for (let i = 0; i < 5; i += 1) await ask(plain, '/')
        return accepted() - before >= 5
      })
    },
  },
  'ajp.secret': {
    values: () => ({ 'ajp.secret': 'shibboleth' }),
    holds: async (proxy) => {
      const node = `Host=127.0.0.1&Port=${proxy.ajp.port}&Type=ajp`
      await register(proxy, 'cat', '/echo', { node })
      await ask(proxy.plain, '/echo')
      assert.equal(proxy.ajp.seen.at(-1)?.attributes.get('secret'), 'shibboleth')
      await remove(proxy, 'cat')
    },
  },
  'ajp.packetSize': {
    values: () => ({ 'ajp.packetSize': 16_384 }),
    holds: async (proxy) => {
      const node = `Host=127.0.0.1&Port=${proxy.ajp.port}&Type=ajp`
      await register(proxy, 'cat', '/echo', { node })
      const headers = { long: 'x'.repeat(10_000) }
      assert.equal((await ask(proxy.plain, '/echo', { headers })).status, 200)
      await remove(proxy, 'cat')
    },
  },
  'advertise.group': advertising({}),
  'advertise.interface': advertising({}),
  'advertise.key': advertising(
    { 'advertise.key': 'k' },
    (bytes) => typeof readAdvertisement(bytes, 'k') === 'object',
  ),
  'advertise.address': advertising({ 'advertise.address': '127.0.0.1:7777' }, (bytes) =>
    bytes.includes('X-Manager-Address: 127.0.0.1:7777\r\n'),
  ),
  // Of the default, 10 s, there is one.
  'advertise.every': advertising({ 'advertise.every': '200ms' }, () => true, 3),
  'advertise.ttl': {
    ...advertising({ 'advertise.ttl': 3, 'advertise.every': '200ms' }),
    holds: async ({ t, free }) => {
      const ttl = hasMulticast ? await heardTtl(advertiseGroup, free[2] ?? 0) : undefined
      if (ttl === undefined) t.diagnostic('advertise.ttl: no multicast, or no Python to see it')
      else assert.equal(ttl, 3)
    },
  },
  'cluster.name': atRestart('cluster.name', () => 'other'),
  'cluster.nats': atRestart('cluster.nats', () => ['nats://127.0.0.1:4222']),
  'cluster.creds': atRestart('cluster.creds', ({ folder }) => {
    writeFileSync(join(folder, 'nats.creds'), 'credentials')
    return join(folder, 'nats.creds')
  }),
  'cluster.tls.ca': atRestart('cluster.tls.ca', ({ authority }) => authority.certFile),
  'cluster.tls.cert': atRestart(
    'cluster.tls.cert',
    ({ clientPair }) => clientPair.certFile,
    ({ clientPair }) => ({ 'cluster.tls.key': clientPair.keyFile }),
  ),
  'cluster.tls.key': atRestart(
    'cluster.tls.key',
    ({ clientPair }) => clientPair.keyFile,
    ({ clientPair }) => ({ 'cluster.tls.cert': clientPair.certFile }),
  ),
  'cluster.zone': atRestart('cluster.zone', () => 'north'),
  'cluster.proxy': atRestart('cluster.proxy', () => 'front-7'),
  'cluster.replicas': atRestart('cluster.replicas', () => 1),
  'haproxy.socket': atRestart(
    'haproxy.socket',
    ({ folder }) => join(folder, 'haproxy.sock'),
    ({ folder }) => ({ 'haproxy.map': join(folder, 'contexts.map') }),
  ),
  'haproxy.map': atRestart('haproxy.map', ({ folder }) => join(folder, 'contexts.map')),
  'haproxy.backends': atRestart('haproxy.backends', () => 'apps'),
  'haproxy.server': atRestart('haproxy.server', () => 'check inter 1s'),
  'xds.listen': atRestart('xds.listen', () => '127.0.0.1:18000'),
  ...Object.fromEntries(secureXdsRows.map((row) => [`xds.tls.${row[0]}`, secureXds(row)])),
  'xds.listeners': atRestart('xds.listeners', () => ['127.0.0.1:10000']),
  state: {
    values: ({ folder }) => ({ state: join(folder, 'state') }),
    holds: async ({ folder }) => assert.ok(existsSync(join(folder, 'state'))),
  },
  'accessLog.to': logged({}, /"target":"\/logged\?a=b"/),
  'accessLog.format': logged({ 'accessLog.format': '<${path}>' }, /^<\/logged>$/m),
  'accessLog.fields': logged({ 'accessLog.fields': ['x-one'] }, /"fields":\{"x-one":"1"\}/),
  'accessLog.status': logged({ 'accessLog.status': ['200'] }, /"\/logged/),
  'accessLog.slowerThan': logged(
    { 'accessLog.slowerThan': '1h', 'accessLog.sample': 1 },
    /"\/logged/,
  ),
  'accessLog.sample': logged({ 'accessLog.sample': 0, 'accessLog.status': ['2xx'] }, /"\/logged/),
  'accessLog.redact': logged({ 'accessLog.redact': ['query'] }, /logged\?a=REDACTED/),
  'accessLog.client': logged({ 'accessLog.client': 'network' }, /"client":"127\.0\.0\.0"/),
  'tracing.endpoint': traced({}, async ({ collector }) => {
    await until('a span arrives', () => collector.spans.some(({ kind }) => kind === 2))
  }),
  'tracing.headers': traced({ 'tracing.headers': ['a=b'] }, async ({ collector }) => {
    await until('the field arrives', () => collector.requests.some(({ headers }) => headers['a']))
  }),
  'tracing.sample': {
    values: () => ({ 'tracing.endpoint': 'http://127.0.0.1:9', 'tracing.sample': 0 }),
    holds: async ({ plain, seen }) => {
      await ask(plain, '/')
      assert.match(String(seen.at(-1)?.headers['traceparent']), /^00-[0-9a-f-]{49}-00$/)
    },
  },
  'tracing.continue': {
    values: () => ({ 'tracing.endpoint': 'http://127.0.0.1:9', 'tracing.continue': 'trusted' }),
    holds: async ({ plain, seen }) => {
      const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
      await ask(plain, '/', { headers })
      assert.doesNotMatch(String(seen.at(-1)?.headers['traceparent']), /aaaa/)
    },
  },
  'tracing.service': traced({ 'tracing.service': 'front' }, async ({ collector }) => {
    await until('the name arrives', () => collector.resource()['service.name'] === 'front')
  }),
  requestId: {
    values: () => ({ requestId: 'client' }),
    holds: async ({ plain }) =>
      assert.match(String((await ask(plain, '/')).headers['x-request-id']), /^[\w-]{36}$/),
  },
  'log.level': {
    values: () => ({ 'log.level': 'debug' }),
    holds: async ({ t, secure, printed }) => {
      const socket = connect(secure, '127.0.0.1')
      t.after(() => socket.destroy())
      // A ClientHello without content.
      socket.on('error', () => {}).write(Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]))
      await until('a line of that level', () => printed().includes('"level":"debug"'))
    },
  },
}
