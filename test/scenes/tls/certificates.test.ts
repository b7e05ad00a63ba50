// `topspin serve` and `topspin check` with several certificates: names, kinds of keys, addresses with certificates of
// their own, the rules of the handshake, staples of OCSP, and each problem of the files with its remedy.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { Authority, noOpenssl, type Pair, selfSigned } from '../../support/certificates.ts'
import { startTopspin, topspin } from '../../support/topspin.ts'

describe('certificates by name', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const issue = (subject: string, names: readonly string[], key?: readonly string[]): Pair =>
    noOpenssl === false
      ? authority.issue({ subject, names, ...(key && { key }) })
      : (undefined as never)
  const first = issue('first', ['first.example', '127.0.0.1'])
  const shop = issue('shop', ['*.shop.example'])
  const rsa = issue('rsa', ['*.shop.example'], ['rsa:2048'])

  const files = ({ certFile, keyFile }: Pair) => ({ cert: certFile, key: keyFile })

  function folder(t: TestContext): string {
    const made = mkdtempSync(join(tmpdir(), 'topspin-certificates-'))
    t.after(() => rmSync(made, { recursive: true, force: true }))
    return made
  }

  function configured(t: TestContext, config: object): string {
    const file = join(folder(t), 'topspin.yaml')
    writeFileSync(file, JSON.stringify(config))
    return file
  }

  async function shown(port: number, more: tls.ConnectionOptions = {}): Promise<string> {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...more })
    try {
      await once(socket, 'secureConnect')
      return String(socket.getPeerCertificate().subject.CN)
    } finally {
      socket.destroy()
    }
  }

  async function started(t: TestContext, config: object): Promise<number[]> {
    const control = { listen: '127.0.0.1:0' }
    const file = configured(t, { to: '127.0.0.1:1', control, ...config })
    const serve = startTopspin(['serve', '--config', file], { deadlineMs: 60_000 })
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/"msg":"listening"/)
    const line = serve.printed.stdout.split('\n').find((text) => text.includes('"msg":"listening"'))
    const { traffic } = JSON.parse(line ?? '') as { traffic: string[] }
    return traffic.map((url) => Number(new URL(url).port))
  }

  for (const workers of [0, 2])
    test(`serve their names, and an address its own, with ${workers} workers`, async (t) => {
      const [usual = 0, own = 0] = await started(t, {
        workers,
        listen: [
          'https://127.0.0.1:0',
          { at: '127.0.0.1:0', tls: { ...files(shop), minVersion: 1.3, strictSni: true } },
        ],
        tls: { ...files(first), certificates: [files(rsa), files(shop)] },
      })
      for (let i = 0; i < 4; i++) {
        assert.equal(await shown(usual, { servername: 'a.shop.example' }), 'shop')
        assert.equal(await shown(usual, { servername: 'other.example' }), 'first')
        const sigalgs = 'rsa_pss_rsae_sha256'
        assert.equal(await shown(usual, { servername: 'a.shop.example', sigalgs }), 'rsa')
        assert.equal(await shown(own, { servername: 'a.shop.example' }), 'shop')
        await assert.rejects(shown(own, { servername: 'other.example' }), /unrecognized.name/i)
        await assert.rejects(shown(own), /unrecognized.name/i)
        const old = { servername: 'a.shop.example', maxVersion: 'TLSv1.2' } as const
        await assert.rejects(shown(own, old), /protocol.version/i)
      }
    })

  test('have their staple of OCSP, which clients see that ask for it', async (t) => {
    const made = folder(t)
    const cert = join(made, 'site.crt')
    const key = join(made, 'site.key')
    copyFileSync(shop.certFile, cert)
    copyFileSync(shop.keyFile, key)
    const request = join(made, 'request.der')
    const index = join(made, 'index.txt')
    const by = ['-issuer', authority.certFile, '-cert', cert]
    execFileSync('openssl', ['ocsp', ...by, '-reqout', request], { stdio: 'pipe' })
    writeFileSync(index, '')
    const signer = authority.signer
    const sign = ['-rsigner', signer.certFile, '-rkey', signer.keyFile, '-CA', signer.certFile]
    const answer = ['-index', index, '-reqin', request, '-respout', `${cert}.ocsp`, '-ndays', '1']
    execFileSync('openssl', ['ocsp', ...sign, ...answer], { stdio: 'pipe' })
    const [port = 0] = await started(t, {
      workers: 0,
      listen: ['https://127.0.0.1:0'],
      tls: { ...files(first), certificates: [{ cert, key }] },
    })
    const status = (name: string): string =>
      execFileSync(
        'openssl',
        ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-status'],
        { input: '', stdio: ['pipe', 'pipe', 'pipe'] },
      ).toString()
    assert.match(status('a.shop.example'), /OCSP Response Status: successful/)
    assert.match(status('first.example'), /OCSP response: no response sent/)
  })

  async function checked(t: TestContext, section: object): Promise<{ code: number; text: string }> {
    const config = { listen: ['https://127.0.0.1:0'], tls: section }
    const { code, stdout, stderr } = await topspin('check', configured(t, config))
    return { code: code ?? -1, text: stdout + stderr }
  }

  function written(t: TestContext, name: string, text: string): string {
    const file = join(folder(t), name)
    writeFileSync(file, text)
    return file
  }

  test('are checked: what cannot be served is refused, with a remedy', async (t) => {
    const encrypted = join(folder(t), 'encrypted.key')
    const to = ['-out', encrypted, '-aes256', '-passout', 'pass:secret']
    execFileSync('openssl', ['pkey', '-in', first.keyFile, ...to])
    const reversed = written(t, 'reversed.crt', authority.cert + first.cert)
    const address = selfSigned({ names: ['127.0.0.1'] })
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ cert: first.certFile, key: shop.keyFile }, /tls\.key: .*not a key for the certificate/],
      [{ cert: first.certFile, key: encrypted }, /the key is encrypted; .*`tls\.passphraseFile`/],
      [
        { cert: first.certFile, key: encrypted, passphraseFile: written(t, 'wrong', 'wrong') },
        /not a key with this passphrase/,
      ],
      [{ cert: reversed, key: first.keyFile }, /tls\.cert: the chain is in the wrong order: begin/],
      [{ certificates: [files(address)] }, /certificates\[0\]\.cert: .*is for no name of DNS/],
      [{ certificates: [{ cert: first.certFile }] }, /certificates\[0\]\.key: is missing/],
      [{ ...files(first), ciphers: 'ECDHE+AESGCM:AES-NIX' }, /"AES-NIX" is not a cipher/],
      [{ ...files(first), ecdhCurve: 'X25519:P-999' }, /"P-999" is not a group/],
      [{ ...files(first), minVersion: 1.1 }, /"1\.1" is none of 1\.2 and 1\.3/],
      [
        { ...files(first), ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
        /no client of TLS 1\.2 could connect with it: .*`minVersion: 1\.3`/,
      ],
      [
        { certificates: [{ ...files(first), ocsp: first.certFile }] },
        /ocsp: .*not a response of OCSP in DER/,
      ],
    ]
    for (const [section, message] of cases) {
      const { code, text } = await checked(t, section)
      assert.match(text, message)
      assert.equal(code, 78, text)
    }
    const right = { passphraseFile: written(t, 'right', 'secret\n') }
    const { code, text } = await checked(t, { cert: first.certFile, key: encrypted, ...right })
    assert.equal(code, 0, text)
  })

  test('are checked: what clients may refuse is a warning', async (t) => {
    const expired = authority.issue({ names: ['old.example'], days: -1 })
    const unnamed = selfSigned({ names: [], subject: 'x' })
    const cases: readonly (readonly [object, RegExp])[] = [
      [files(expired), /warning: .*tls\.cert: has expired: .*; renew it/],
      [files(unnamed), /tls\.cert: has no names \(subject alternative names\)/],
      [
        { certificates: [{ ...files(first), names: ['a.example'] }] },
        /tls\.certificates\[0\]\.cert: is not for a\.example; add a certificate/,
      ],
      [
        { certificates: [{ ...files(first), chain: shop.certFile }] },
        /the chain breaks behind "first": .*not that of its issuer, "Test Authority"/,
      ],
    ]
    for (const [section, message] of cases) {
      const { code, text } = await checked(t, section)
      assert.match(text, message)
      assert.equal(code, 0, text)
    }
    const { text } = await checked(t, {
      certificates: [{ ...files(first), chain: authority.certFile }],
    })
    assert.doesNotMatch(text, /warning/)
  })
})
