// Files of certificates that change while the proxy runs, without a reload.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { Authority, noOpenssl, type Pair } from '../../support/certificates.ts'
import { type Running, startServe, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

describe('watched certificates', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const issue = (subject: string): Pair => authority.issue({ subject })

  function folder(t: TestContext): string {
    const made = mkdtempSync(join(tmpdir(), 'topspin-watch-'))
    t.after(() => rmSync(made, { recursive: true, force: true }))
    return made
  }

  async function serving(
    t: TestContext,
    cert: string,
    key: string,
    more: object = {},
    others: object = {},
  ) {
    const file = join(folder(t), 'topspin.json')
    const config = {
      to: '127.0.0.1:1',
      workers: 2,
      tls: { cert, key, watch: '200ms', ...more },
      ...others,
    }
    writeFileSync(file, JSON.stringify(config))
    const serve = await startServe(
      ['--config', file],
      {},
      { listen: 'https://127.0.0.1:0', deadlineMs: 60_000 },
    )
    t.after(() => serve.child.kill('SIGKILL'))
    const port = Number(new URL(serve.traffic).port)
    const shown = async (): Promise<string> => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.cert })
      await once(socket, 'secureConnect')
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return String(CN)
    }
    const shows = (name: string): Promise<void> =>
      until(`the certificate is ${name}`, async () => (await shown()) === name, 20_000)
    return { ...serve, shown, shows }
  }

  const put = (pair: Pair, cert: string, key: string): void => {
    copyFileSync(pair.certFile, cert)
    copyFileSync(pair.keyFile, key)
  }

  const failuresIn = ({ printed }: Running): number =>
    printed.stdout.split('certificates not read again').length - 1

  test('a new pair is in force in all workers without a reload; half a pair is not, and is logged once', async (t) => {
    const files = folder(t)
    const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
    put(issue('first'), cert, key)
    const serve = await serving(t, cert, key)
    const second = issue('second')
    put(second, cert, key)
    await serve.shows('second')
    await serve.sees(/"files":\["[^"]+a\.crt","[^"]+a\.key"\],"msg":"certificates read again"/)

    const third = issue('third')
    copyFileSync(third.certFile, cert)
    await serve.sees(/a\.key: not a key for the certificate/)
    for (let i = 0; i < 4; i++) assert.equal(await serve.shown(), 'second')
    assert.equal(failuresIn(serve), 1)
    copyFileSync(third.keyFile, key)
    await serve.shows('third')
    assert.equal(failuresIn(serve), 1)
  })

  test('a broken file, and one that is gone, keep the certificate that is in force', async (t) => {
    const files = folder(t)
    const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
    put(issue('first'), cert, key)
    const serve = await serving(t, cert, key)
    writeFileSync(cert, readFileSync(cert, 'utf8').slice(0, 200))
    await until('it is logged', () => failuresIn(serve) === 1)
    assert.equal(await serve.shown(), 'first')
    rmSync(key)
    await until('it is logged', () => failuresIn(serve) === 2)
    assert.equal(await serve.shown(), 'first')
    put(issue('second'), cert, key)
    await serve.shows('second')
  })

  test('a folder behind a symbolic link is replaced, as Kubernetes does it', async (t) => {
    const files = folder(t)
    for (const name of ['one', 'two']) {
      mkdirSync(join(files, name))
      put(issue(name), join(files, name, 'a.crt'), join(files, name, 'a.key'))
    }
    symlinkSync('one', join(files, 'data'))
    const serve = await serving(t, join(files, 'data', 'a.crt'), join(files, 'data', 'a.key'))
    assert.equal(await serve.shown(), 'one')
    symlinkSync('two', join(files, 'next'))
    renameSync(join(files, 'next'), join(files, 'data'))
    await serve.shows('two')
  })

  test('files of rules are read again like certificates, and the log tells them apart', async (t) => {
    const files = folder(t)
    const [cert, key, page] = [join(files, 'a.crt'), join(files, 'a.key'), join(files, '5xx.txt')]
    put(issue('first'), cert, key)
    writeFileSync(page, 'old')
    const routes = [{ errors: { '5xx': page } }]
    const serve = await serving(t, cert, key, {}, { routes })
    writeFileSync(page, 'new, and longer')
    await serve.sees(/"files":\["[^"]+5xx\.txt"\],"msg":"files of rules read again"/)
    assert.doesNotMatch(serve.printed.stdout, /certificates read again/)
    rmSync(page)
    await serve.sees(/"msg":"files of rules not read again"/)
    assert.equal(failuresIn(serve), 0)
  })

  test('with watch: off nothing is read before a reload', async (t) => {
    const files = folder(t)
    const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
    put(issue('first'), cert, key)
    const serve = await serving(t, cert, key, { watch: 'off' })
    put(issue('second'), cert, key)
    serve.child.kill('SIGHUP')
    await serve.shows('second')
    assert.doesNotMatch(serve.printed.stdout, /certificates read again/)
  })

  test('status, metrics, the API and doctor tell when certificates expire', async (t) => {
    const files = folder(t)
    const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
    put(authority.issue({ names: ['a.example', '127.0.0.1'], days: 20 }), cert, key)
    const serve = await serving(t, cert, key)
    const page = async (path: string): Promise<string> =>
      await (await fetch(serve.control + path)).text()
    const [, text = ''] =
      /^topspin_certificate_expiry_timestamp_seconds\{name="a\.example",source="file",key="tls\.cert"\} (\d+)$/m.exec(
        await page('metrics'),
      ) ?? []
    const left = Number(text) - Date.now() / 1_000
    assert.ok(left > 19.9 * 86_400 && left < 20.1 * 86_400, text)
    const { certificates } = JSON.parse(await page('api/v1/certificates')) as {
      certificates: unknown[]
    }
    const notAfter = new Date(Number(text) * 1_000).toISOString()
    const [{ notBefore, ...first }] = certificates as [Record<string, unknown>]
    assert.equal(typeof notBefore, 'string')
    assert.deepEqual(first, {
      names: ['a.example'],
      source: 'file',
      key: 'tls.cert',
      issuer: 'Test Authority',
      notAfter,
      renewal: null,
    })
    const control = new URL(serve.control).host
    const { stdout } = await topspin('doctor', '--control', control)
    assert.match(stdout, /ok +certificate a\.example +it expires in 19 days \([^)]+\), issued by/)
  })
})
