// The access log of `topspin serve`: a line for each request, and a new file after a rotation.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { get, RawClient } from '../../support/raw-client.ts'
import { startServe, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin-'))

test('each request is one line of JSON, and SIGHUP opens the file again', async (t) => {
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const node = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  t.after(() => node.close())
  await until('the node listens', () => node.listening)
  const log = join(folder, 'access.log')
  const serve = await startServe(['--to', `127.0.0.1:${(node.address() as AddressInfo).port}`], {
    TOPSPIN_ACCESS_LOG: log,
  })
  t.after(() => serve.child.kill('SIGKILL'))
  const entries = (): Record<string, unknown>[] =>
    (existsSync(log) ? readFileSync(log, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))

  await (await fetch(`${serve.traffic}first?a=1`)).text()
  await until('the request is logged', () => entries().length === 1)
  const [entry] = entries()
  assert.equal(entry?.['method'], 'GET')
  assert.equal(entry?.['target'], '/first?a=1')
  assert.equal(entry?.['status'], 200)
  assert.equal(entry?.['attempts'], 1)

  renameSync(log, join(folder, 'access.log.1'))
  serve.child.kill('SIGHUP')
  await until('the file is there again', () => existsSync(log))
  await (await fetch(`${serve.traffic}second`)).text()
  serve.child.kill('SIGTERM')
  assert.equal((await serve.ended).code, 0)
  assert.deepEqual(
    entries().map((line) => line['target']),
    ['/second'],
  )
})

for (const workers of ['0', '1']) {
  test(`what the drain deadline cuts is logged, too (${workers} workers)`, async (t) => {
    const node = createServer((_, response) => response.write('never complete'))
    node.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello')
      socket.on('error', () => {})
    })
    node.listen(0, '127.0.0.1')
    t.after(() => {
      node.closeAllConnections()
      node.close()
    })
    await until('the node listens', () => node.listening)
    const own = mkdtempSync(join(tmpdir(), 'topspin-'))
    t.after(() => rmSync(own, { recursive: true }))
    const log = join(own, 'access.log')
    const to = `127.0.0.1:${(node.address() as AddressInfo).port}`
    const serve = await startServe(['--to', to, '--workers', workers], {
      TOPSPIN_ACCESS_LOG: log,
      TOPSPIN_TIMEOUTS_DRAIN: '300ms',
    })
    t.after(() => serve.child.kill('SIGKILL'))
    const port = Number(new URL(serve.traffic).port)
    const [waiting, tunnel] = [await RawClient.connect(t, port), await RawClient.connect(t, port)]
    waiting.send(get('/waits'))
    tunnel.send(get('/tunnel', 'Connection: Upgrade', 'Upgrade: tcp'))
    await until(
      'both have begun',
      () => waiting.text.includes('never') && /hello$/.test(tunnel.text),
    )
    serve.child.kill('SIGTERM')
    assert.equal((await serve.ended).code, 0)
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      new Map(entries.map(({ target, status, code }) => [target, [status, code]])),
      new Map([
        ['/waits', [200, 'PROXY_CLOSED']],
        ['/tunnel', [101, '']],
      ]),
    )
  })
}

test('an access log whose folder is gone at a reload is reported, and traffic continues', async (t) => {
  const node = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  t.after(() => node.close())
  await until('the node listens', () => node.listening)
  const gone = mkdtempSync(join(tmpdir(), 'topspin-'))
  const port = (node.address() as AddressInfo).port
  const serve = await startServe(['--to', `127.0.0.1:${port}`, '--workers', '0'], {
    TOPSPIN_ACCESS_LOG: join(gone, 'access.log'),
  })
  t.after(() => serve.child.kill('SIGKILL'))
  rmSync(gone, { recursive: true })
  serve.child.kill('SIGHUP')
  await serve.sees(/access log not opened again/)
  assert.equal((await fetch(`${serve.traffic}after`)).status, 200)
  serve.child.kill('SIGTERM')
  assert.equal((await serve.ended).code, 0)
})

test('an access log that cannot be opened is reported, and nothing runs', async () => {
  const serve = startTopspin(['serve', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'], {
    env: { TOPSPIN_ACCESS_LOG: join(folder, 'nowhere', 'access.log') },
  })
  const { code, stderr } = await serve.ended
  assert.equal(code, 78)
  assert.match(stderr, /accessLog\.to: the folder .*nowhere does not exist/)
})
