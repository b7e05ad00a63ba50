// A reload of every key of the configuration, one after the other, while requests go on: none fails, and each value is in
// force for the next connections.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { configKeys } from '../../../src/config/keys.ts'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { type ReloadedProxy, reloadRows } from '../../support/reload-rows.ts'
import { SteadyLoad } from '../../support/steady-load.ts'
import { type Running, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const respond =
  (name: string, seen: IncomingMessage[]): RequestListener =>
  (request, response) => {
    seen.push(request)
    if (seen.length > 1_000) seen.splice(0, 500)
    switch (request.url) {
      case '/stall':
        return
      case '/part':
        response.writeHead(200, { 'content-length': 10 })
        return void response.write('part')
      case '/echo':
        request.resume()
        return void request.on('end', () => response.end(name))
      case '/wait':
        return void setTimeout(() => response.end('late'), 300)
      case '/big':
        return void response.end(Buffer.alloc(50_000_000))
      default:
        request.resume()
        response.end(name)
    }
  }

async function startProxy(
  t: TestContext,
  workers: number,
): Promise<{ proxy: ReloadedProxy; serve: Running; put: (values: object) => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const authority = new Authority()
  const pair = authority.issue({ names: ['localhost', '127.0.0.1'], subject: 'first' })
  const otherPair = authority.issue({ names: ['localhost', '127.0.0.1'], subject: 'renewed' })
  const clientPair = authority.issue({ subject: 'client' })
  const seen: IncomingMessage[] = []
  const shown: string[] = []
  let accepted = 0
  const usual = await startNode(t, respond('usual', seen))
  usual.server.on('connection', () => {
    accepted += 1
  })
  usual.server.on('upgrade', (_, socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  })
  const other = await startNode(t, respond('other', []))
  const registered = await startNode(t, respond('registered', []))
  const shop = await startNode(t, respond('shop', []))
  const options = { cert: pair.cert, key: pair.key, requestCert: true, rejectUnauthorized: false }
  const secure = createSecureServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    if (subject?.CN !== undefined) shown.push(String(subject.CN))
    response.end('secure')
  })
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    secure.closeAllConnections()
    secure.close()
  })
  const ajp = await startAjpOrigin(t)
  const collector = await startOtlpReceiver(t)
  const [plainPort = 0, securePort = 0, control = 0, ...free] = await freePorts(6)
  const file = join(folder, 'topspin.json')
  const usualValues = {
    listen: [`127.0.0.1:${plainPort}`, `https://127.0.0.1:${securePort}`],
    'tls.cert': pair.certFile,
    'tls.key': pair.keyFile,
    'control.listen': `127.0.0.1:${control}`,
    to: [`127.0.0.1:${usual.port}`],
    workers,
  }
  const put = (values: object): void => writeFileSync(file, jsonOf({ ...usualValues, ...values }))
  put({})
  const serve = startTopspin(['serve', '--config', file], { deadlineMs: 280_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  await serve.sees(/"msg":"listening"/)
  const nodes = {
    usual: usual.port,
    other: other.port,
    registered: registered.port,
    shop: shop.port,
    secure: (secure.address() as AddressInfo).port,
  }
  const proxy: ReloadedProxy = {
    t,
    folder,
    plain: plainPort,
    secure: securePort,
    free,
    control,
    workers,
    nodes,
    ajp,
    collector,
    authority,
    pair,
    otherPair,
    clientPair,
    seen,
    shown,
    accepted: () => accepted,
    printed: () => serve.printed.stdout,
  }
  return { proxy, serve, put }
}

/** A configuration file from values by key. */
function jsonOf(values: object): string {
  const tree: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(values)) {
    const steps = key.split('.')
    let at = tree
    for (const step of steps.slice(0, -1)) {
      at[step] ??= {}
      at = at[step] as Record<string, unknown>
    }
    at[steps.at(-1) ?? ''] = value
  }
  return JSON.stringify(tree)
}

const reloads = (serve: Running): number =>
  serve.printed.stdout.split('"msg":"configuration reloaded"').length - 1

/** Reloads by SIGHUP. @returns the keys that have changed, and those that need a restart. */
async function hangUp(serve: Running): Promise<{ changed: string[]; restart: string[] }> {
  const [before, from] = [reloads(serve), serve.printed.stdout.length]
  serve.child.kill('SIGHUP')
  await until(
    'it is reloaded',
    () => reloads(serve) > before,
    30_000,
    () => serve.printed.stdout.slice(from),
  )
  const lines = serve.printed.stdout.slice(from).split('\n')
  const find = (message: string): Record<string, string[]> =>
    JSON.parse(lines.find((line) => line.includes(`"msg":"${message}"`)) ?? '{}') as never
  return {
    changed: find('configuration reloaded')['changed'] ?? [],
    restart: find('changed keys need a restart')['keys'] ?? [],
  }
}

test('there is a row for every key of the configuration', () => {
  const keys = configKeys().map(({ name }) => name)
  assert.deepEqual(Object.keys(reloadRows).sort(), [...keys].sort())
})

for (const workers of [2, 0]) {
  test(`every key is reloaded under load without a failed request, ${workers} workers`, {
    skip: noOpenssl,
  }, async (t) => {
    const { proxy, serve, put } = await startProxy(t, workers)
    const load = new SteadyLoad(t, proxy.plain)
    for (const [key, row] of Object.entries(reloadRows)) {
      await t.test(key, async () => {
        const values = row.values(proxy)
        const restart = row.restart?.(proxy) ?? []
        put(values)
        const there = await hangUp(serve)
        assert.deepEqual([...there.restart].sort(), [...restart].sort())
        const expected = Object.keys(values).filter((name) => !restart.includes(name))
        for (const name of expected.includes(key) ? [key] : expected)
          assert.ok(there.changed.includes(name), `${name}: ${JSON.stringify(there)}`)
        try {
          await row.holds?.(proxy)
        } finally {
          put({})
          await hangUp(serve)
        }
        const failures = load.failures.splice(0)
        assert.deepEqual(failures, [], serve.printed.stdout.slice(-3000))
      })
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
    assert.ok(load.good > 500, `${load.good} requests`)
    t.diagnostic(`${load.good} requests, 0 refused, 0 failed`)
  })
}
