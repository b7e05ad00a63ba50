// SIGHUP with files that are empty, broken, or would stop the traffic: the proxy goes on as before.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { Authority, noOpenssl, selfSigned } from '../../support/certificates.ts'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { type Running, startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const refusals = (running: Running): number =>
  running.printed.stdout.split('configuration not reloaded').length - 1

/** Sends SIGHUP and waits until the reload is refused for this reason. */
async function refused(running: Running, reason: RegExp): Promise<void> {
  const before = refusals(running)
  running.child.kill('SIGHUP')
  await until(
    'it is refused',
    () => refusals(running) > before,
    10_000,
    () => running.printed,
  )
  const line = running.printed.stdout
    .split('\n')
    .filter((text) => text.includes('configuration not reloaded'))
    .at(-1)
  assert.match(String(line), reason)
}

for (const workers of ['0', '2']) {
  test(`a configuration that would remove all nodes is refused, ${workers} workers`, async (t) => {
    const folder = folderFor(t)
    const { port } = await startNode(t, (_, response) => response.end('served'))
    const [file, log] = [join(folder, 'topspin.yaml'), join(folder, 'access.log')]
    const good = `to: ${port}\naccessLog: ${log}\nworkers: ${workers}\n`
    writeFileSync(file, good)
    const serve = await startServe(['--config', file])
    t.after(() => serve.child.kill('SIGKILL'))
    for (const [text, reason] of [
      ['', /sets no key/],
      [' \n\n', /sets no key/],
      ['# later\n', /sets no key/],
      ['---\n', /sets no key/],
      ['{}\n', /sets no key/],
      ['to: []\n', /to: removes all nodes/],
      ['log: { level: info }\n', /to: removes all nodes/],
      ['to: [', /topspin\.yaml:1/],
      ['\0\0\0\0', /topspin\.yaml/],
    ] as const) {
      renameSync(log, `${log}.1`)
      writeFileSync(file, text)
      await refused(serve, reason)
      await until('the access log is opened again', () => existsSync(log))
      assert.equal(await (await fetch(serve.traffic)).text(), 'served', JSON.stringify(text))
    }
    writeFileSync(file, good)
    serve.child.kill('SIGHUP')
    await serve.sees(/configuration reloaded/)
  })
}

test('the last fixed node may go while a registered one remains', async (t) => {
  const folder = folderFor(t)
  const node = await startNode(t, (_, response) => response.end('registered'))
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, 'to: 127.0.0.1:1\n')
  const serve = await startServe(['--config', file, '--workers', '0'])
  t.after(() => serve.child.kill('SIGKILL'))
  const control = Number(new URL(serve.control).port)
  await sendMessage(control, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${node.port}&Type=http`)
  await sendMessage(control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  writeFileSync(file, 'to: []\n')
  serve.child.kill('SIGHUP')
  await serve.sees(/configuration reloaded/)
  assert.equal(await (await fetch(serve.traffic)).text(), 'registered')
})

/** Common name of the certificate that clients get; rejects when the handshake fails. */
function certificateAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = Number(new URL(url).port)
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

for (const workers of ['0', '2']) {
  test(`certificates with which no client could connect are refused, ${workers} workers`, {
    skip: noOpenssl,
  }, async (t) => {
    const folder = folderFor(t)
    const { port } = await startNode(t, (_, response) => response.end('served'))
    const [file, cert, key] = ['topspin.yaml', 'tls.crt', 'tls.key'].map((name) =>
      join(folder, name),
    ) as [string, string, string]
    const own = selfSigned({ subject: 'own' })
    const put = (certFile: string, keyFile: string): void => {
      copyFileSync(certFile, cert)
      copyFileSync(keyFile, key)
    }
    put(own.certFile, own.keyFile)
    const secure = `tls: { cert: ${cert}, key: ${key} }\nto: ${port}\nworkers: ${workers}\n`
    writeFileSync(file, `listen: https://127.0.0.1:0\n${secure}`)
    const serve = await startServe(['--config', file], {}, { listen: 'https://127.0.0.1:0' })
    t.after(() => serve.child.kill('SIGKILL'))
    assert.equal(await certificateAt(serve.traffic), 'own')

    const dsa = join(folder, 'dsa')
    execFileSync('openssl', ['dsaparam', '-genkey', '-out', `${dsa}.key`, '2048'], {
      stdio: 'pipe',
    })
    const about = ['-subj', '/CN=dsa', '-days', '2', '-out', `${dsa}.crt`]
    execFileSync('openssl', ['req', '-x509', '-new', '-key', `${dsa}.key`, ...about])
    const expired = new Authority().issue({ days: -1 })
    writeFileSync(join(folder, 'empty'), '')
    const empty = join(folder, 'empty')
    for (const [certFile, keyFile, reason] of [
      [empty, own.keyFile, /tls\.cert: .*not a certificate/],
      [own.certFile, empty, /tls\.key: .*not a key/],
      [empty, empty, /tls\.cert: .*not a certificate/],
      [own.keyFile, own.certFile, /tls\.cert: .*not a certificate/],
      [`${dsa}.crt`, `${dsa}.key`, /tls\.cert: no client could connect/],
      [expired.certFile, expired.keyFile, /tls\.cert: has expired/],
    ] as const) {
      put(certFile, keyFile)
      await refused(serve, reason)
      for (let i = 0; i < 3; i += 1) assert.equal(await certificateAt(serve.traffic), 'own')
    }

    put(own.certFile, own.keyFile)
    writeFileSync(file, `listen: 127.0.0.1:0\nto: ${port}\n`)
    const renewed = selfSigned({ subject: 'renewed' })
    put(renewed.certFile, renewed.keyFile)
    await refused(serve, /tls\.cert: /)
    await until(
      'the certificates are read although the configuration is refused',
      async () => (await certificateAt(serve.traffic)) === 'renewed',
    )

    const again = selfSigned({ subject: 'again' })
    put(again.certFile, again.keyFile)
    writeFileSync(file, 'to: [')
    await refused(serve, /topspin\.yaml/)
    await until(
      'the certificates are read although the configuration is broken',
      async () => (await certificateAt(serve.traffic)) === 'again',
    )
  })
}
