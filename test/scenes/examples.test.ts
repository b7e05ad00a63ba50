// Every example of examples/ runs as its first lines say: on free ports, asked, and ended by SIGTERM.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../support/child.ts'
import { freePorts } from '../support/free-ports.ts'
import { startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const folder = fileURLToPath(new URL('../../../examples', import.meta.url))
const run = new Set<string>()

function start(t: TestContext, file: string, environment: Record<string, string>): Child {
  run.add(file)
  return startChild(t, [join(folder, file)], environment)
}

async function text(url: string, init: RequestInit = {}): Promise<string> {
  try {
    return await (await fetch(url, init)).text()
  } catch (error) {
    return String(error)
  }
}

async function prints(child: Child, pattern: RegExp): Promise<void> {
  await until(`it prints ${pattern}`, () => pattern.test(child.output()), 10_000, child.output)
}

/** @param how 0, or the signal where `signals: true` ends the process by it once the server has left. */
async function end(child: Child, how: number | string = 0): Promise<void> {
  child.process.kill('SIGTERM')
  assert.equal(await child.ended, how, child.output())
}

async function controlOf(t: TestContext, args: readonly string[] = []): Promise<[string, string]> {
  const serving = await startServe(['--workers', '0', ...args])
  t.after(() => serving.child.kill('SIGKILL'))
  return [serving.traffic, new URL(serving.control).host]
}

test('embed-proxy.js forwards to both nodes of its own process', async (t) => {
  const [port, controlPort] = await freePorts(2)
  const child = start(t, 'embed-proxy.js', { PORT: `${port}`, CONTROL_PORT: `${controlPort}` })
  await prints(child, /proxy on/)
  const seen = new Set<string>()
  // The first node to answer its check gets the requests until the other one has, too.
  await until('both nodes have served', async () => {
    const answers = Array.from({ length: 8 }, () => text(`http://127.0.0.1:${port}/`))
    for (const answer of await Promise.all(answers)) seen.add(answer)
    return seen.size === 2
  })
  assert.deepEqual([...seen].sort(), ['served by a\n', 'served by b\n'])
  assert.match(await text(`http://127.0.0.1:${controlPort}/api/status`), /"route":"a"/)
  await end(child)
})

test('express-agent.js counts the visits of a session on its node', async (t) => {
  const [traffic, control] = await controlOf(t)
  const [port] = await freePorts(1)
  const child = start(t, 'express-agent.js', { PORT: `${port}`, PROXIES: control })
  await prints(child, /has joined/)
  const first = await fetch(`${traffic}shop`)
  assert.equal(await first.text(), `visit 1 on shop-${port} from 127.0.0.1\n`)
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.match(await text(`${traffic}shop`, { headers: { cookie } }), /^visit 2 on/)
  await end(child, 'SIGTERM')
  assert.equal((await fetch(`${traffic}shop`)).status, 404, 'it has left in order')
})

test('custom-metric.js reports a lower load factor while jobs are queued', async (t) => {
  const [traffic, control] = await controlOf(t)
  const [port] = await freePorts(1)
  const environment = { PORT: `${port}`, PROXIES: control, REPORT_MS: '100', JOB_MS: '60000' }
  const child = start(t, 'custom-metric.js', environment)
  await prints(child, /joined/)
  const loadFactor = async (): Promise<number> => {
    const status = JSON.parse(await text(`http://${control}/api/status`)) as {
      nodes: { loadFactor: number }[]
    }
    return status.nodes[0]?.loadFactor ?? Number.NaN
  }
  await until('an idle node is nearly free', async () => (await loadFactor()) > 60, 10_000)
  for (let i = 0; i < 10; i++) await text(`${traffic}jobs`, { method: 'POST' })
  await until('the queue shows in the load factor', async () => (await loadFactor()) < 30, 10_000)
  await end(child, 'SIGTERM')
})

test('peers.js: a server answers with the name of another one', async (t) => {
  const [first, second, ...udp] = await freePorts(5)
  const environment = { GROUP: udp.map((port) => `127.0.0.1:${port}`).join() }
  const children = [
    start(t, 'peers.js', { ...environment, PORT: `${first}`, NAME: 'one' }),
    start(t, 'peers.js', { ...environment, PORT: `${second}`, NAME: 'two' }),
  ]
  for (const child of children) await prints(child, /listens on port/)
  const seen = new Set<string>()
  const both = async (): Promise<boolean> => {
    seen.add(await text(`http://127.0.0.1:${first}/`))
    return seen.has('served by one for 127.0.0.1\n') && seen.has('served by two for 127.0.0.1\n')
  }
  await until('the first server hands requests over to the second', both, 10_000, () => [...seen])
  await Promise.all(children.map((child) => end(child, 'SIGTERM')))
})

test('custom-candidacy: requests go to the zone of the configuration, or of the test header', async (t) => {
  run.add('custom-candidacy/by-zone.js')
  const config = join(folder, 'custom-candidacy', 'topspin.yaml')
  const [traffic, control] = await controlOf(t, ['--config', config])
  for (const route of ['us1-a', 'eu1-a', 'us1-b']) {
    const environment = { TOPSPIN_PROXIES: control, TOPSPIN_ROUTE: route, PORT: '0' }
    const app = join(folder, 'app.js')
    startChild(t, ['--import', import.meta.resolve('topspin/auto'), app], environment)
  }
  const ask = (zone?: string): Promise<string> =>
    text(traffic, zone === undefined ? {} : { headers: { 'x-zone': zone } })
  await until('all nodes are there', async () => {
    const status = await text(`http://${control}/api/status`)
    return ['us1-a', 'eu1-a', 'us1-b'].every((route) => status.includes(`"route":"${route}"`))
  })
  await until('the node of eu1 serves', async () => (await ask()) === 'served by eu1-a\n')
  for (let i = 0; i < 5; i++) assert.equal(await ask(), 'served by eu1-a\n')
  assert.match(await ask('us1'), /^served by us1-[ab]\n$/)
})

test('local-cluster.js starts a proxy and three nodes, and leaves no process behind', async (t) => {
  const [port, controlPort] = await freePorts(2)
  const environment = { LISTEN: `127.0.0.1:${port}`, CONTROL: `127.0.0.1:${controlPort}` }
  run.add('app.js')
  const child = start(t, 'local-cluster.js', environment)
  const seen = new Set<string>()
  const all = async (): Promise<boolean> => {
    seen.add(await text(`http://127.0.0.1:${port}/`))
    return [1, 2, 3].every((number) => seen.has(`served by node-${number}\n`))
  }
  await until('all three nodes serve', all, 20_000, () => [...seen, child.output()])
  await end(child)
  assert.match(await text(`http://127.0.0.1:${port}/`), /fetch failed/)
})

test('mcmp-listener.js prints the registration and the load reports of an agent', async (t) => {
  const [port] = await freePorts(1)
  const child = start(t, 'mcmp-listener.js', { PORT: `${port}` })
  await prints(child, /listening/)
  const environment = {
    TOPSPIN_PROXIES: `127.0.0.1:${port}`,
    TOPSPIN_ROUTE: 'a',
    TOPSPIN_REPORT_INTERVAL: '100ms',
    PORT: '0',
  }
  const auto = import.meta.resolve('topspin/auto')
  const node = startChild(t, ['--import', auto, join(folder, 'app.js')], environment)
  await prints(child, /"route":"a".*"method":"CONFIG"/)
  await prints(child, /"method":"ENABLE-APP"/)
  await prints(child, /"method":"STATUS","route":"a","load":\d+/)
  await end(node, 'SIGTERM')
  await prints(child, /"method":"REMOVE-APP"/)
  await end(child, 'SIGTERM')
})

test('no example is left out of these tests', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  // Those of embedding/ run in embedding/frameworks.test.ts.
  const programs = files.filter((name) => /^(?!embedding).*\.js$/.test(name))
  assert.deepEqual([...run].sort(), programs.sort())
})
