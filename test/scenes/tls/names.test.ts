// Several certificates at one address: each client gets the one for the name that it asks for, with a key that it can
// verify.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as http2Connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import type { TlsServerOptions } from '../../../src/net/tls-options.ts'
import { Authority, noOpenssl, type Pair } from '../../support/certificates.ts'
import { clientHello } from '../../support/client-hello.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { until } from '../../support/until.ts'

const run = promisify(execFile)
const rsaKey = ['rsa:2048']

describe('a client that asks for a name', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const issue = (subject: string, names: readonly string[], key?: readonly string[]): Pair =>
    noOpenssl === false
      ? authority.issue({ subject, names, ...(key && { key }) })
      : (undefined as never)
  const first = issue('first', ['first.example', 'localhost', '127.0.0.1'])
  const own = issue('own', ['a.shop.example'])
  const wild = issue('wild', ['*.shop.example'])
  const rsa = issue('rsa', ['a.shop.example'], rsaKey)

  async function start(t: TestContext, options: TlsServerOptions) {
    const origin = await startOrigin(t)
    const running = await startProxy(t, [{ port: origin.port }], { tls: options })
    const shown = async (more: tls.ConnectionOptions): Promise<string> => {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: running.port,
        ca: authority.cert,
        ...more,
      })
      t.after(() => socket.destroy())
      await once(socket, 'secureConnect')
      return String(socket.getPeerCertificate().subject.CN)
    }
    return { ...running, shown }
  }

  const loose = { checkServerIdentity: () => undefined }

  test('gets the certificate for it, exact before wildcard, and the first for other names', async (t) => {
    const { shown } = await start(t, { ...first, certificates: [wild, own] })
    assert.equal(await shown({ servername: 'a.shop.example' }), 'own')
    assert.equal(await shown({ servername: 'A.Shop.Example' }), 'own')
    assert.equal(await shown({ servername: 'b.shop.example' }), 'wild')
    assert.equal(await shown({ servername: 'first.example' }), 'first')
    assert.equal(await shown({ servername: 'a.b.shop.example', ...loose }), 'first')
    assert.equal(await shown({ servername: '' }), 'first')
  })

  test('gets it with HTTP/2, as curl sees', async (t) => {
    const { port } = await start(t, { certificates: [first, own] })
    const resolve = ['--resolve', `a.shop.example:${port}:127.0.0.1`]
    const args = ['-sS', '--fail', '--cacert', authority.certFile, ...resolve, '--max-time', '10']
    const format = ['-o', '/dev/null', '-w', '%{http_version} %{ssl_verify_result}']
    const url = `https://a.shop.example:${port}/echo`
    assert.equal((await run('curl', [...args, ...format, url])).stdout, '2 0')
    assert.equal((await run('curl', [...args, ...format, '--http1.1', url])).stdout, '1.1 0')
  })

  test('gets 421 over HTTP/2 for a name that has another certificate, and is served for any other', async (t) => {
    const { port } = await start(t, { ...first, certificates: [own, wild, rsa] })
    const statusesOver = async (servername: string, names: readonly string[]) => {
      const options = { ca: authority.cert, servername, ...loose }
      const session = http2Connect(`https://127.0.0.1:${port}`, options)
      t.after(() => session.destroy())
      const statuses = await Promise.all(
        names.map(async (name) => {
          const stream = session.request({ ':path': '/echo', ':authority': name })
          const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
          stream.close()
          return headers[':status']
        }),
      )
      session.close()
      return statuses
    }
    const names = ['a.shop.example', 'B.shop.example:443', 'first.example', 'nobody.example']
    // a.shop.example has a certificate of its own, which is not for its neighbours.
    assert.deepEqual(await statusesOver('a.shop.example', names), [200, 421, 421, 200])
    // The wildcard covers both, though one of them has its own.
    assert.deepEqual(await statusesOver('b.shop.example', names), [200, 200, 421, 200])
    assert.deepEqual(await statusesOver('nobody.example', names), [421, 421, 200, 200])
  })

  test('gets an elliptic key if it can verify one, else RSA, with TLS 1.2 and 1.3', async (t) => {
    const { shown } = await start(t, { certificates: [first, rsa, own] })
    const servername = 'a.shop.example'
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const both = { servername, minVersion: version, maxVersion: version }
      assert.equal(await shown(both), 'own', version)
      const sigalgs = 'rsa_pss_rsae_sha256:RSA+SHA256'
      assert.equal(await shown({ ...both, sigalgs }), 'rsa', version)
    }
    const suites = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const
    assert.equal(await shown({ servername, ...suites }), 'rsa')
  })

  test('is understood when its first message comes in many records', async (t) => {
    const { port } = await start(t, { certificates: [first, own] })
    const bytes = await clientHello(t, { servername: 'a.shop.example', maxVersion: 'TLSv1.2' })
    const records = [...bytes.subarray(5)].flatMap((byte) => [22, 3, 1, 0, 1, byte])
    const socket = connectPlain(port, '127.0.0.1')
    t.after(() => socket.destroy())
    let seen = ''
    socket.on('data', (piece: Buffer) => {
      seen += piece.toString('latin1')
    })
    socket.write(Buffer.from(records))
    await until('the certificate is sent in the clear', () => seen.includes('a.shop.example'))
  })

  test('resumes its session, whatever the certificate', async (t) => {
    const { port } = await start(t, { certificates: [first, own] })
    const options = { host: '127.0.0.1', port, ca: authority.cert, servername: 'a.shop.example' }
    const before = tls.connect(options)
    const [session] = (await once(before, 'session')) as [Buffer]
    before.destroy()
    const after = tls.connect({ ...options, session })
    await once(after, 'secureConnect')
    assert.equal(after.isSessionReused(), true)
    after.destroy()
  })

  test('is refused by an alert where there is no certificate at all, and the proxy counts it', async (t) => {
    const { shown, proxy } = await start(t, { certificates: [] })
    const alert = { code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' }
    await assert.rejects(shown({ servername: 'a.shop.example' }), alert)
    await assert.rejects(shown({ servername: '' }), alert)
    assert.equal(proxy.counters.closedFor.get('handshake_unknown_name'), 2)
    await until('nothing is left', () => proxy.connections === 0)
    proxy.replaceTls({ certificates: [own] })
    assert.equal(await shown({ servername: 'a.shop.example' }), 'own')
  })

  test('keeps its connection when the certificates are replaced, and gets the new one next', async (t) => {
    const { proxy, shown } = await start(t, { certificates: [first, own] })
    assert.equal(await shown({ servername: 'a.shop.example' }), 'own')
    proxy.replaceTls({ certificates: [first, issue('renewed', ['a.shop.example'])] })
    assert.equal(await shown({ servername: 'a.shop.example' }), 'renewed')
    assert.equal(proxy.connections, 2)
  })
})
