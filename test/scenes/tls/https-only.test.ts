// Clients are led to HTTPS: a redirect, and Strict-Transport-Security.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, get as plainGet } from 'node:http'
import { connect as http2Connect } from 'node:http2'
import { get as secureGet } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { startTopspin } from '../../support/topspin.ts'

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
}

describe('a proxy for HTTPS alone', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)

  async function start(t: TestContext, values: object, more: object = {}) {
    const pair = authority.issue({ names: ['127.0.0.1', 'localhost'] })
    const [plain = 0, other = 0, secure = 0, health = 0] = await freePorts(4)
    const node = await startNode(t, (request, response) => {
      if (request.url === '/own') response.setHeader('Strict-Transport-Security', 'max-age=5')
      if (request.url === '/cookie') response.setHeader('Set-Cookie', 'JSESSIONID=x')
      response.end('good')
    })
    const folder = mkdtempSync(join(tmpdir(), 'topspin-https-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'topspin.json')
    const config = {
      listen: [
        `127.0.0.1:${plain}`,
        { at: `127.0.0.1:${other}`, ...more },
        `https://127.0.0.1:${secure}`,
      ],
      control: { listen: '127.0.0.1:0' },
      health: { listen: `127.0.0.1:${health}` },
      to: `127.0.0.1:${node.port}`,
      tls: { cert: pair.certFile, key: pair.keyFile },
      workers: 2,
      ...values,
    }
    writeFileSync(file, JSON.stringify(config))
    const serve = startTopspin(['serve', '--config', file], { deadlineMs: 60_000 })
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/"msg":"listening"/)
    return { plain, other, secure, health }
  }

  const ask = (port: number, path: string, isSecure = false): Promise<Got> =>
    new Promise((resolve, reject) => {
      const host = '127.0.0.1'
      const options = { host, port, path, agent: false, headers: { host: `shop.example:${port}` } }
      const outgoing = isSecure
        ? secureGet({ ...options, ca: authority.cert, servername: 'localhost' })
        : plainGet(options)
      outgoing.on('response', ({ statusCode, headers }) => {
        resolve({ status: statusCode, headers })
        outgoing.destroy()
      })
      outgoing.on('error', reject)
    })

  test('redirects what comes without TLS, at each address as it says; health checks are not touched', async (t) => {
    const { plain, other, secure, health } = await start(
      t,
      { httpsRedirect: 301 },
      { httpsRedirect: 'off' },
    )
    const redirected = await ask(plain, '/a?b')
    assert.equal(redirected.status, 301)
    assert.equal(redirected.headers.location, `https://shop.example:${secure}/a?b`)
    assert.equal((await ask(other, '/a')).status, 200)
    assert.equal((await ask(secure, '/a', true)).status, 200)
    assert.equal((await ask(health, '/readyz')).status, 200)
  })

  test('sends Strict-Transport-Security over TLS alone, with its own answers too; an application decides itself', async (t) => {
    const { plain, secure } = await start(t, { hsts: { maxAge: '1y', includeSubDomains: true } })
    const wanted = 'max-age=31536000; includeSubDomains'
    const fieldOf = async (port: number, path: string, isSecure: boolean) =>
      (await ask(port, path, isSecure)).headers['strict-transport-security']
    assert.equal(await fieldOf(plain, '/', false), undefined)
    assert.equal(await fieldOf(secure, '/', true), wanted)
    assert.equal(await fieldOf(secure, '/own', true), 'max-age=5')
    const { headers } = await ask(secure, '/cookie', true)
    assert.equal(headers['strict-transport-security'], wanted)
    assert.equal(headers['set-cookie']?.length, 2)
    // The proxy refuses it itself.
    const refused = await ask(secure, '/a%00b', true)
    assert.equal(refused.status, 400)
    assert.equal(refused.headers['strict-transport-security'], wanted)

    const session = http2Connect(`https://localhost:${secure}`, { ca: authority.cert })
    t.after(() => session.destroy())
    for (const [method, path, value] of [
      ['GET', '/', wanted],
      ['GET', '/own', 'max-age=5'],
      // The proxy refuses it itself.
      ['STATUS', '/', wanted],
    ]) {
      const stream = session.request({ ':path': path, ':method': method })
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
      assert.equal(answer['strict-transport-security'], value, `${method} ${path}`)
      stream.close()
    }
  })
})
