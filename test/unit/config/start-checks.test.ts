import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { startProblems } from '../../../src/config/start-checks.ts'
import { readTls } from '../../../src/config/tls-files.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { makeFolder } from '../../support/folder.ts'

function configOf(text: string): Parameters<typeof startProblems>[0] {
  const result = readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

test('a path that cannot be followed is a problem of its key', () => {
  const folder = makeFolder()
  const loop = join(folder, 'loop')
  symlinkSync('loop', loop)
  const long = join(folder, 'x'.repeat(300))
  for (const [path, reason] of [
    [loop, /^.*loop cannot be written: ELOOP/],
    [join(loop, 'file'), /cannot be written: ELOOP/],
    [long, /cannot be written: ENAMETOOLONG/],
  ] as const)
    for (const key of ['state', 'accessLog']) {
      const [problem, ...more] = startProblems(configOf(`${key}: ${path}\n`))
      assert.equal(problem?.path, key === 'state' ? 'state' : 'accessLog.to')
      assert.match(problem?.message ?? '', reason)
      assert.deepEqual(more, [])
    }
})

test('a response of OCSP beside a certificate that cannot be reached is as none', {
  skip: noOpenssl,
}, async () => {
  const folder = makeFolder()
  const { certFile, keyFile } = selfSigned({ subject: 'own' })
  const [cert, key] = [join(folder, 'own.crt'), join(folder, 'own.key')]
  symlinkSync(certFile, cert)
  symlinkSync(keyFile, key)
  symlinkSync('own.crt.ocsp', `${cert}.ocsp`)
  const text = `listen: 'https://127.0.0.1:0'\ntls: { cert: ${cert}, key: ${key} }\n`
  const result = await readTls(configOf(text))
  assert.ok(result.ok, JSON.stringify(result))
})
