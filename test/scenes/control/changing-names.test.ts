// Nodes with a name that resolves later to an address where no node may be (DNS rebinding), or is not resolved at all.

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
  /** @param addresses or what happens in place of an answer: see changing-names.ts. */
  resolve(addresses: readonly string[] | string): void
  send(method: string, body: string): Promise<string>
  status(): Promise<number>
}

async function start(
  t: TestContext,
  workers: number,
  allow: string,
  args: readonly string[] = [],
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'names-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'names.json')
  const resolve = (addresses: readonly string[] | string): void =>
    writeFileSync(file, JSON.stringify({ 'app.test': addresses }))
  resolve([])
  const preload = new URL('../../fixtures/changing-names.js', import.meta.url)
  const env = {
    NODE_OPTIONS: `--import ${preload}`,
    TEST_NAMES: file,
    TOPSPIN_CONTROL_NODES_ALLOW: allow,
  }
  const serve = await startWorkers(t, workers, env, { args })
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

for (const [workers, kind, trouble] of [
  [0, 'registered', 'silent'],
  [1, 'registered', 'EAI_AGAIN'],
  [0, 'fixed', 'EAI_AGAIN'],
  [1, 'fixed', 'silent'],
] as const)
  test(`with ${workers} workers, a ${kind} node is served at its last address while the resolver is out of order: ${trouble}`, async (t) => {
    const { port } = await startClosingNode(t)
    const to = kind === 'fixed' ? ['--to', `app.test:${port}`] : []
    const { serve, resolve, send, status } = await start(t, workers, '', to)
    resolve(['127.0.0.1'])
    if (kind === 'registered') {
      await send('CONFIG', `Host=app.test&Port=${port}&Type=http`)
      await send('ENABLE-APP', 'Alias=localhost&Context=/')
    }
    await until('the node serves', async () => (await status()) === 200)
    const route = kind === 'registered' ? 'a' : `app-test-${port}`
    await until('it is up', async () => (await serve.node(route)).health === 'up')
    resolve(trouble)
    for (let i = 0; i < 5; i++) assert.equal(await status(), 200)
    await serve.sees(/look-up failed: last addresses used/)
    assert.equal((await serve.node(route)).health, 'up')
  })

test('a node whose name cannot be looked up stays up, and another one is served', async (t) => {
  const { port } = await startClosingNode(t)
  const { serve, resolve, send, status } = await start(t, 1, '')
  resolve('EAI_AGAIN')
  await send('CONFIG', `Host=app.test&Port=${port}&Type=http`)
  await send('ENABLE-APP', 'Alias=localhost&Context=/')
  assert.equal(await status(), 503)
  await serve.sees(/"reason":"no connection can be used: getaddrinfo EAI_AGAIN app.test"/)
  await serve.register('b', port, 100)
  for (let i = 0; i < 10; i++) assert.equal(await status(), 200)
  assert.doesNotMatch(serve.printed.stdout, /node is down/)
  const other = await send('CONFIG', `Host=127.0.0.1&Port=${port + 1}&Type=http`)
  assert.match(other, / 200 /, 'its route is free for another node')
})
