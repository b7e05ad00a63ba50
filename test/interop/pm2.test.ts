// A real PM2 runs applications in its cluster mode, whose workers share a port.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { ClusterAppOptions } from '../fixtures/cluster-app.ts'
import { built } from '../support/child.ts'
import { FakeHttpd } from '../support/fake-httpd.ts'
import { freePorts } from '../support/free-ports.ts'
import { Load } from '../support/load.ts'
import { get } from '../support/node-server.ts'
import { Pm2, type Pm2App, whyNoPm2 } from '../support/pm2.ts'
import { program, startServe } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const reason = await whyNoPm2()
const skip = reason ?? false
const auto = `--import ${pathToFileURL(built('src/auto.js')).href}`

interface Given extends Partial<ClusterAppOptions> {
  readonly control: string
  readonly port: number
}

function shop(given: Given, more: Readonly<Record<string, unknown>> = {}): Pm2App {
  const options = { workers: 0, ...given }
  return {
    name: 'shop',
    script: built('test/fixtures/cluster-app.js'),
    exec_mode: 'cluster',
    instances: 2,
    ...more,
    env: { APP_OPTIONS: JSON.stringify(options), ...(more['env'] as object) },
  }
}

const byAuto = (control: string): object => ({
  node_args: auto,
  env: { TOPSPIN_PROXIES: control, TOPSPIN_REPORT_INTERVAL: '1s' },
})

const kinds: readonly { name: string; more: object; join?: 'auto'; times: number }[] = [
  { name: 'joinCluster', more: {}, times: 5 },
  { name: 'topspin/auto', more: {}, join: 'auto', times: 2 },
  { name: 'one instance', more: { instances: 1 }, times: 3 },
  { name: 'wait_ready', more: { wait_ready: true }, times: 2 },
  { name: 'the message shutdown', more: { shutdown_with_message: true }, times: 2 },
]
for (const { name, more, join, times } of kinds) {
  test(`pm2 reload under 200 requests a second, ${times} times (${name}): no request fails`, {
    skip,
  }, async (t) => {
    const proxy = await startServe([], {}, { deadlineMs: 120_000 })
    t.after(() => proxy.child.kill('SIGKILL'))
    const control = new URL(proxy.control).host
    const [port = 0] = await freePorts(1)
    const pm2 = new Pm2(t)
    const given = { control, port, ...(join === undefined ? {} : { join }) }
    await pm2.start(shop(given, { ...more, ...(join === undefined ? {} : byAuto(control)) }))
    const traffic = Number(new URL(proxy.traffic).port)
    await until('the node answers', async () => (await get(traffic)).status === 200)
    const load = new Load(t, { port: traffic, rate: 200, users: 16 })
    await load.more(200)
    for (let i = 0; i < times; i++) await pm2.run('reload', 'shop')
    await load.more(200)
    const summary = await load.stop()
    const runs = new Set(summary.answers.map(([, run]) => run)).size
    t.diagnostic(
      `${summary.completed} requests to ${runs} workers, ${summary.failures.length} failed`,
    )
    if (summary.failures.length > 0) t.diagnostic(`${proxy.printed.stdout}\n${pm2.logs()}`)
    assert.deepEqual(summary.failures, [])
    assert.ok(runs > times, `${runs} workers have answered`)
  })
}

test('pm2 scale, restart, stop and delete: one node as long as one worker is left', {
  skip,
}, async (t) => {
  const fake = await FakeHttpd.start(t)
  const [port = 0] = await freePorts(1)
  const pm2 = new Pm2(t)
  await pm2.start(shop({ control: fake.address, port, agent: { reportIntervalMs: 200 } }))
  await fake.until('it is registered', () => fake.count('STATUS') > 0)
  for (const count of ['4', '1', '3']) await pm2.run('scale', 'shop', count)
  assert.deepEqual(story(fake), ['ENABLE-APP /'])
  await pm2.run('restart', 'shop')
  await fake.until('it is there after the restart', () => isServed(fake))
  await pm2.run('stop', 'shop')
  await fake.until('it has left', () => fake.nodes.size === 0)
  await pm2.run('start', 'shop')
  await fake.until('it has come back', () => isServed(fake))
  await pm2.run('delete', 'shop')
  await fake.until('it has left again', () => fake.nodes.size === 0)
})

test('instances with ports of their own (increment_var) are nodes of their own', {
  skip,
}, async (t: TestContext) => {
  const fake = await FakeHttpd.start(t)
  const [first = 0] = await freePorts(1)
  const pm2 = new Pm2(t)
  const more = { increment_var: 'PORT', env: { PORT: first } }
  await pm2.start(shop({ control: fake.address, port: 0 }, more))
  await fake.until('both are registered', () => fake.nodes.size === 2)
  await pm2.run('delete', 'shop')
  await fake.until('both have left', () => fake.nodes.size === 0)
})

test('topspin serve in cluster mode says what to use instead', { skip }, async (t) => {
  const pm2 = new Pm2(t)
  const log = join(pm2.folder, 'error.log')
  await pm2.start({
    name: 'proxy',
    script: program,
    args: 'serve',
    exec_mode: 'cluster',
    instances: 1,
    autorestart: false,
    error_file: log,
    merge_logs: true,
  })
  const printed = (): string => {
    try {
      return readFileSync(log, 'utf8')
    } catch {
      return ''
    }
  }
  await until('it is refused', () => printed().includes('in fork mode'), 10_000, printed)
  await until('it has ended', async () => (await pm2.processes())[0]?.pm2_env.status === 'stopped')
  assert.doesNotMatch(printed(), /at .*\.js:\d+/)
})

const story = (fake: FakeHttpd): string[] => fake.story(['STATUS', 'INFO', 'CONFIG'])

const isServed = (fake: FakeHttpd): boolean =>
  [...fake.nodes.values()].some(({ contexts }) => [...contexts.values()].includes('ENABLED'))
