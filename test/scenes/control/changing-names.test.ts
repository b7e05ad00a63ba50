// Nodes that registered by name, and whose name resolves later to an address where no node may be (DNS rebinding).

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sendMessage } from '../../support/control-client.ts'
import { get, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

interface Scene {
  readonly serve: Workers
  resolve(addresses: readonly string[]): void
  send(method: string, body: string): Promise<string>
  status(): Promise<number>
}

async function start(t: TestContext, workers: number, allow: string): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'names-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'names.json')
  const resolve = (addresses: readonly string[]): void =>
    writeFileSync(file, JSON.stringify({ 'app.test': addresses }))
  resolve([])
  const preload = new URL('../../fixtures/changing-names.js', import.meta.url)
  const serve = await startWorkers(t, workers, {
    NODE_OPTIONS: `--import ${preload}`,
    TEST_NAMES: file,
    TOPSPIN_CONTROL_NODES_ALLOW: allow,
  })
  const send = async (method: string, body: string): Promise<string> =>
    (await sendMessage(serve.controlPort, method, `JVMRoute=a&${body}`)).status
  const status = async (): Promise<number> => (await get(serve.trafficPort)).status
  return { serve, resolve, send, status }
}

/** A node whose connections carry one request each, so that each request looks the name up. */
const startClosingNode = (t: TestContext) =>
  startNode(t, (_, response) => response.setHeader('connection', 'close').end('done'))

for (const workers of [0, 1])
  test(`with ${workers} workers, no request goes to a name that resolves to a metadata address after its registration`, async (t) => {
    const { port } = await startClosingNode(t)
    const { serve, resolve, send, status } = await start(t, workers, '')
    const config = `Host=app.test&Port=${port}&Type=http`
    assert.match(await send('CONFIG', config), / 200 /, 'a name that does not resolve is let in')
    await send('ENABLE-APP', 'Alias=localhost&Context=/')
    resolve(['127.0.0.1'])
    await until('the node serves', async () => (await status()) === 200)

    resolve(['169.254.169.254', '::ffff:169.254.169.254'])
    assert.notEqual(await status(), 200)
    // A worker's own line: the health checks of the primary write the same one.
    const line =
      workers === 0
        ? /"host":"app.test","refused":\["169.254.169.254","::ffff:169.254.169.254"\]/
        : /"refused":\["169.254.169.254","::ffff:169.254.169.254"\],"worker":/
    const { msg } = JSON.parse(await lineOf(serve, line))
    assert.equal(msg, 'address of a node refused')
    await until('the health check reports it', async () =>
      JSON.stringify(await serve.node('a')).includes('control.nodes.allow does not permit'),
    )

    resolve(['169.254.169.254', '127.0.0.1'])
    await until('the allowed address is used', async () => (await status()) === 200)
  })

async function lineOf(serve: Workers, pattern: RegExp): Promise<string> {
  await serve.sees(pattern)
  return serve.printed.stdout.split('\n').find((line) => pattern.test(line)) ?? ''
}

for (const workers of [0, 1])
  test(`with a list and ${workers} workers, no connection is made to an address outside it that a name has after its registration`, async (t) => {
    const { port } = await startClosingNode(t)
    let strays = 0
    const outside = createServer().on('connection', (socket) => {
      strays++
      socket.destroy()
    })
    await new Promise<void>((resolve) => outside.listen(port, '127.0.0.2', resolve))
    t.after(() => outside.close())
    const { serve, resolve, send, status } = await start(t, workers, '127.0.0.1')
    resolve(['127.0.0.1'])
    assert.match(await send('CONFIG', `Host=app.test&Port=${port}&Type=http`), / 200 /)
    await send('ENABLE-APP', 'Alias=localhost&Context=/')
    await until('the node serves', async () => (await status()) === 200)

    resolve(['127.0.0.2'])
    assert.notEqual(await status(), 200)
    await until('the health check fails', async () =>
      JSON.stringify(await serve.node('a')).includes('its name resolves to 127.0.0.2'),
    )
    assert.equal(strays, 0)
  })
