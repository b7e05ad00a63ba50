// The discovery service with connections and Envoys that do not behave. With the real Envoy: test/interop/envoy.test.ts.

import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { systemClock } from '../../../../src/base/clock.ts'
import { xdsLimits } from '../../../../src/base/limits.ts'
import type { ServedNode } from '../../../../src/cluster/served.ts'
import type { TlsServerOptions } from '../../../../src/net/tls-options.ts'
import { resourceTypes } from '../../../../src/server/engines/xds/messages.ts'
import { loadXds } from '../../../../src/server/engines/xds/packages.ts'
import { XdsServer } from '../../../../src/server/engines/xds/xds-server.ts'
import { Authority, noOpenssl } from '../../../support/certificates.ts'
import { balancerOf, nodeOf } from '../../../support/cluster-fixture.ts'
import { type MemoryLog, memoryLog } from '../../../support/memory-log.ts'
import { until } from '../../../support/until.ts'

interface Service {
  readonly server: XdsServer
  readonly port: number
  readonly log: MemoryLog
}

async function start(
  t: TestContext,
  host: string,
  isAllowed: (address: string) => boolean,
  nodes: readonly ServedNode[] = [],
  tls?: TlsServerOptions,
): Promise<Service> {
  const log = memoryLog()
  const server = new XdsServer(
    {
      listen: { host, port: 0 },
      isAllowed,
      tls,
      resources: { listeners: [], connectMs: 1_000 },
      read: () => [{ balancer: balancerOf(), path: '', alias: '*', nodes }],
      log,
      clock: systemClock,
    },
    await loadXds(),
  )
  t.after(() => server.close())
  const port = await server.listen()
  server.start()
  return { server, port, log }
}

function dial(t: TestContext, port: number, localAddress: string): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  socket.on('error', () => {}).resume()
  t.after(() => socket.destroy())
  return socket
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources'

/** A stream of an Envoy that reads nothing. */
async function stream(t: TestContext, host: string, port: number, tls?: SecureContextOptions) {
  const { codec } = await loadXds()
  const scheme = tls === undefined ? 'http' : 'https'
  const session = connectHttp2(`${scheme}://${host}:${port}`, tls)
  session.on('error', () => {})
  t.after(() => session.destroy())
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  call.on('error', () => {}).pause()
  return {
    call,
    send(kind: keyof typeof resourceTypes, resourceNames: string[], responseNonce: string): void {
      const request = { typeUrl: resourceTypes[kind], resourceNames, responseNonce }
      const message = codec.encode('DiscoveryRequest', { ...request, node: { id: 'e' } })
      const length = Buffer.alloc(5)
      length.writeUInt32BE(message.length, 1)
      call.write(Buffer.concat([length, message]))
    },
  }
}

test('an address that control.allow does not name gets no connection', async (t) => {
  const { port, log, server } = await start(t, '127.0.0.1', (address) => address === '127.0.0.2')
  const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))
  await Promise.all([1, 2, 3].map(() => closed(dial(t, port, '127.0.0.1'))))
  assert.deepEqual(log.messages, ['connection of an Envoy refused'])
  dial(t, port, '127.0.0.2').write('x')
  assert.deepEqual(server.reports(), [])
})

test('an IPv6 address may be named', async (t) => {
  const { port, server } = await start(t, '::1', (address) => address === '::1')
  const { send } = await stream(t, '[::1]', port)
  send('clusters', [], '')
  await until('the Envoy is there', () => server.reports().length === 1)
})

test('connections without a stream leave when there is no room, those of Envoys stay', async (t) => {
  const { port, server, log } = await start(t, '127.0.0.1', () => true)
  const { send, call } = await stream(t, '127.0.0.1', port)
  send('clusters', [], '')
  await until('the Envoy is there', () => server.reports().length === 1)
  const crowd = Array.from({ length: xdsLimits.connectionsMax + 20 }, () =>
    dial(t, port, '127.0.0.2'),
  )
  const gone = (): number => crowd.filter(({ destroyed }) => destroyed).length
  await until('21 have left', () => gone() === 21)
  const late = dial(t, port, '127.0.0.3')
  await until('one more has left', () => gone() === 22)
  assert.equal(late.destroyed, false)
  assert.equal(call.destroyed, false)
  assert.ok(log.messages.includes('no room for more connections of Envoys'))
})

test('an Envoy that answers responses which it does not read is cut', async (t) => {
  const nodes = Array.from(
    { length: 1_000 },
    (_, at): ServedNode => ({
      node: nodeOf(at + 1, { host: `10.1.${at >> 8}.${at & 255}`, port: 8080 }),
      state: 'on',
      weight: 50,
      isStandby: false,
    }),
  )
  const { port, server } = await start(t, '127.0.0.1', () => true, nodes)
  const { send, call } = await stream(t, '127.0.0.1', port)
  send('endpoints', ['mycluster|/'], '')
  await until('the Envoy is there', () => server.reports().length === 1)
  // The nonces of the responses can be guessed. Their pace is limited, so it takes a while.
  const timer = setInterval(() => {
    for (let nonce = 1; nonce < 3 * xdsLimits.responsesWaitingMax; nonce++)
      for (const names of [[], ['mycluster|/']]) send('endpoints', names, String(nonce))
  }, xdsLimits.gapMs / 2)
  t.after(() => clearInterval(timer))
  await until('it is cut', () => server.reports().length === 0, 20_000)
  await until('it sees that', () => call.closed)
})

const connectSecurely = (t: TestContext, port: number, tls: object): TLSSocket => {
  const socket = connectTls({ host: '127.0.0.1', port, ...tls })
  socket.on('error', () => {}).resume()
  t.after(() => socket.destroy())
  return socket
}

test('over TLS an Envoy shows a certificate', { skip: noOpenssl }, async (t) => {
  const authority = new Authority()
  const { cert, key } = authority.issue()
  const { cert: ownCert, key: ownKey } = authority.issue({ subject: 'envoy' })
  const ca = authority.cert
  const options = { cert, key, ca, clientAuth: 'require' } as const
  const h2 = { ca, ALPNProtocols: ['h2'] }
  const stranger = new Authority('Other').issue()
  const refused: readonly (readonly [tls: object, reason: string])[] = [
    [h2, 'a client certificate is required'],
    [{ ...h2, cert: stranger.cert, key: stranger.key }, 'the client certificate is not accepted'],
    [{ ca, cert: ownCert, key: ownKey }, 'it does not offer HTTP/2 (ALPN h2)'],
  ]
  for (const [tls, reason] of refused) {
    const { port, log } = await start(t, '127.0.0.1', () => true, [], options)
    const socket = connectSecurely(t, port, tls)
    await new Promise((resolve) => socket.once('close', resolve))
    assert.deepEqual(log.details, [{ remote: '127.0.0.1', reason }])
  }
  const { port, server, log } = await start(t, '127.0.0.1', () => true, [], options)
  const plain = dial(t, port, '127.0.0.1')
  plain.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  await new Promise((resolve) => plain.once('close', resolve))
  const { send } = await stream(t, '127.0.0.1', port, { ca, cert: ownCert, key: ownKey })
  send('clusters', [], '')
  await until('the Envoy is there', () => server.reports().length === 1)
  assert.deepEqual(log.messages, ['Envoy has connected'])
})

test('other certificates are in force for the next connections, and those that are open stay', {
  skip: noOpenssl,
}, async (t) => {
  const authority = new Authority()
  const named = (subject: string): TlsServerOptions => {
    const { cert, key } = authority.issue({ subject })
    return { cert, key }
  }
  const { port, server } = await start(t, '127.0.0.1', () => true, [], named('first'))
  const { send } = await stream(t, '127.0.0.1', port, { ca: authority.cert })
  send('clusters', [], '')
  await until('the Envoy is there', () => server.reports().length === 1)
  server.useTls({ xds: named('second') })
  const socket = connectSecurely(t, port, { ca: authority.cert, ALPNProtocols: ['h2'] })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  assert.equal(socket.getPeerCertificate().subject.CN, 'second')
  assert.equal(server.reports().length, 1)
})
