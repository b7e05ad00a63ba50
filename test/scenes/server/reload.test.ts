// SIGHUP with files that are empty, broken, or would stop the traffic: the proxy goes on as before.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { Authority, noOpenssl, selfSigned } from '../../support/certificates.ts'
import { sendMessage } from '../../support/control-client.ts'
import { makeFolder } from '../../support/folder.ts'
import { startNode } from '../../support/node-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRestartedNode } from '../../support/restarted-node.ts'
import { type Running, startServe, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

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
    const folder = makeFolder()
    const { port } = await startNode(t, (_, response) => response.end('served'))
    const [file, log] = [join(folder, 'topspin.yaml'), join(folder, 'access.log')]
    const good = `to: ${port}\naccessLog: ${log}\nworkers: ${workers}\n`
    const [empty, none] = [join(folder, 'empty'), join(folder, 'none')]
    writeFileSync(empty, '')
    writeFileSync(none, '[]')
    writeFileSync(file, good)
    const serve = await startServe(['--config', file])
    t.after(() => serve.child.kill('SIGKILL'))
    for (const [text, reason] of [
      ['', /sets no key/],
      [' \n\n', /sets no key/],
      ['# later\n', /sets no key/],
      ['---\n', /sets no key/],
      ['{}\n', /sets no key/],
      ['to: []\n', /to: leaves no node that serves requests/],
      ['log: { level: info }\n', /to: leaves no node that serves requests/],
      [`to: [{ file: ${empty} }]\n`, /to: leaves no node that serves requests/],
      [`to: [{ file: ${none} }, { dns: 'unknown.invalid:80' }]\n`, /to: leaves no node that/],
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

test('a configuration without an address for clients is refused', async (t) => {
  const { port } = await startNode(t, (_, response) => response.end('served'))
  const file = join(makeFolder(), 'topspin.yaml')
  const good = `listen: 127.0.0.1:0\ncontrol: { listen: 127.0.0.1:0 }\nto: ${port}\nworkers: 0\n`
  writeFileSync(file, good)
  const serve = startTopspin(['serve', '--config', file])
  t.after(() => serve.child.kill('SIGKILL'))
  const [, traffic = ''] = await serve.sees(/"traffic":\["([^"]+)"\]/)
  writeFileSync(file, good.replace('127.0.0.1:0', '[]'))
  await refused(serve, /listen: closes all addresses for clients/)
  assert.equal(await (await fetch(traffic)).text(), 'served')
})

test('the last fixed node may go while a registered one serves requests', async (t) => {
  const folder = makeFolder()
  const node = await startNode(t, (_, response) => response.end('registered'))
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, 'to: 127.0.0.1:1\n')
  const serve = await startServe(['--config', file, '--workers', '0'])
  t.after(() => serve.child.kill('SIGKILL'))
  const control = Number(new URL(serve.control).port)
  writeFileSync(file, 'to: []\n')
  await sendMessage(control, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${node.port}&Type=http`)
  await refused(serve, /to: leaves no node that serves requests/)
  await sendMessage(control, 'DISABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  await refused(serve, /to: leaves no node that serves requests/)
  await sendMessage(control, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
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
    const folder = makeFolder()
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

const workersOf = async ({
  control,
}: Running & { control: string }): Promise<StatusReport['workers']> =>
  ((await (await fetch(`${control}api/status`)).json()) as StatusReport).workers

test('a worker too many that ends with its connections learns that a node is up again', async (t) => {
  const folder = makeFolder()
  const { port, open, close } = await startRestartedNode(t)
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, `to: 127.0.0.1:${port}\nworkers: 2\n`)
  const serve = await startServe(['--config', file], {}, { deadlineMs: 60_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const traffic = Number(new URL(serve.traffic).port)
  const connectMany = (): Promise<RawClient[]> =>
    Promise.all(Array.from({ length: 9 }, () => RawClient.connect(t, traffic)))
  const ask = async (client: RawClient): Promise<readonly [number | undefined, boolean]> => {
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const response = await client.answer()
    return [response?.status, response?.get('connection') === 'close']
  }
  const some = await connectMany()
  for (const client of some) assert.deepEqual(await ask(client), [200, false])
  // The busier worker has five of these at least. The other worker accepts while it is stopped.
  const [busier] = (await workersOf(serve)).toSorted((a, b) => b.connections - a.connections)
  process.kill(busier?.pid ?? 0, 'SIGSTOP')
  const others = await connectMany()
  for (const client of others) assert.deepEqual(await ask(client), [200, false])
  process.kill(busier?.pid ?? 0, 'SIGCONT')
  writeFileSync(file, `to: 127.0.0.1:${port}\nworkers: 1\n`)
  serve.child.kill('SIGHUP')
  await serve.sees(/configuration reloaded/)
  close()
  for (const client of [...some.splice(0, 4), ...others.splice(0, 4)])
    assert.equal((await ask(client))[0], 503)
  await open()
  await serve.sees(/node is up/)
  // Its figures come from all workers, which have the news by then.
  await workersOf(serve)
  const last = await Promise.all([...some, ...others].map(ask))
  assert.deepEqual(new Set(last.map(([status]) => status)), new Set([200]))
  assert.ok(
    last.some(([, isLast]) => isLast),
    'some belong to the worker that ends',
  )
})
