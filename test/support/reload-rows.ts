// A row for each key of the configuration: another value for it, and how the scene sees that it is in force. Used by
// test/scenes/server/reload-keys.test.ts.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type RequestOptions, request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect as secureConnect } from 'node:tls'
import type { StatusReport } from '../../src/control/status-report.ts'
import type { AjpOrigin } from './ajp-origin.ts'
import type { Authority, Pair } from './certificates.ts'
import { RawClient } from './raw-client.ts'
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

async function send(port: number, method: string, body: string): Promise<Answer> {
  return ask(port, '/', { method, body, headers: { 'content-length': Buffer.byteLength(body) } })
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
  for (const route of routes) await send(control, 'REMOVE-APP', `JVMRoute=${route}`).catch(() => {})
}

const status = async ({ control }: ReloadedProxy): Promise<StatusReport> =>
  JSON.parse((await ask(control, '/api/status')).text) as StatusReport

async function cascadeAt({ control }: ReloadedProxy, path: string): Promise<string> {
  const url = encodeURIComponent(`http://localhost${path}`)
  return (await ask(control, `/api/explain?url=${url}`)).text
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
const passphrase = ({ folder }: ReloadedProxy): string => {
  const file = join(folder, 'passphrase')
  writeFileSync(file, 'not used\n')
  return file
}

const refusesVersion = async ({ secure }: ReloadedProxy): Promise<void> => {
  const options = { rejectUnauthorized: false, maxVersion: 'TLSv1.2' as const }
  await assert.rejects(ask(secure, '/', options), /protocol.version/i)
}

const advertising = (more: Readonly<Record<string, unknown>>): ReloadRow => ({
  values: ({ free }) => ({
    'advertise.group': `224.0.1.105:${free[2]}`,
    'advertise.interface': '127.0.0.1',
    ...more,
  }),
  holds: (proxy) => until('it advertises', () => proxy.printed().includes('"msg":"advertising"')),
})

const simple = (key: string, value: unknown): ReloadRow => ({ values: () => ({ [key]: value }) })

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
      await register(proxy, 'quiet', '/quiet')
      await until('it is silent', () => /stopped reporting/.test(proxy.printed()))
      await remove(proxy, 'quiet')
    },
  },
  'control.removeAfter': {
    values: () => ({ 'control.removeAfter': '100ms' }),
    holds: async (proxy) => {
      await register(proxy, 'brief', '/brief')
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
  'nodeTls.verify': { values: overTls('nodeTls.verify', () => false), holds: servedOverTls },
  to: {
    values: ({ nodes }) => ({ to: [`127.0.0.1:${nodes.other}`] }),
    holds: async ({ plain }) => assert.equal((await ask(plain, '/')).text, 'other'),
  },
  sendProxy: simple('sendProxy', [{ version: 'v1', node: 'nobody' }]),
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
  http2: simple('http2', false),
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
  noContextStatus: simple('noContextStatus', 410),
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
  'sticky.insert.secret': insertsCookie(
    { 'sticky.insert.secret': 'a-secret-of-thirty-characters.' },
    /^TOPSPIN=/,
  ),
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
  'sticky.header': simple('sticky.header', 'x-tenant'),
  'sticky.query': simple('sticky.query', 'tenant'),
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
  'timeouts.connect': simple('timeouts.connect', '2s'),
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
  'pool.idle': simple('pool.idle', '2s'),
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
  'advertise.key': advertising({ 'advertise.key': 'k' }),
  'advertise.address': advertising({ 'advertise.address': '127.0.0.1:7777' }),
  'advertise.every': advertising({ 'advertise.every': '200ms' }),
  'advertise.ttl': advertising({ 'advertise.ttl': 3 }),
  state: {
    values: ({ folder }) => ({ state: join(folder, 'state') }),
    holds: async ({ folder }) => assert.ok(existsSync(join(folder, 'state'))),
  },
  accessLog: {
    values: ({ folder }) => ({ accessLog: join(folder, 'access.log') }),
    holds: async ({ plain, folder }) => {
      await ask(plain, '/logged')
      const text = (): string => readFileSync(join(folder, 'access.log'), 'utf8')
      await until('the request is logged', () => text().includes('/logged'))
    },
  },
  'log.level': simple('log.level', 'debug'),
}
