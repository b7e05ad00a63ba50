// `topspin haproxy` with the real HAProxy: nodes that register are its servers, and its traps are avoided.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { StatusReport } from '../../src/control/status-report.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Haproxy, noHaproxy, startHaproxy } from '../support/haproxy.ts'
import { get } from '../support/node-server.ts'
import { joinReporting } from '../support/reporting-node.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { type Running, startTopspin } from '../support/topspin.ts'
import { until } from '../support/until.ts'

const options = { skip: noHaproxy }

const backend = (name: string): string => `backend ${name}
  balance random
  use-server %[var(txn.route)] if { var(txn.route) -m found }
`

const sections = (backends: readonly string[] = ['topspin1', 'topspin2']): string => `frontend www
  bind 127.0.0.1:PORT
  http-request set-var(txn.route) req.cook(JSESSIONID),regsub(^[^.]*[.],)
  use_backend %[path,concat(/),map_beg(FOLDER/contexts.map)]
${backends.map(backend).join('')}`

const start = (t: TestContext, text: string = sections()): Promise<Haproxy> =>
  startHaproxy(t, text, { 'contexts.map': '' })

interface Writer extends Running {
  readonly control: string
  status(): Promise<StatusReport>
}

async function startWriter(
  t: TestContext,
  haproxy: Haproxy,
  more: readonly string[] = [],
  control: number = 0,
  env: Readonly<Record<string, string>> = {},
): Promise<Writer> {
  const running = startTopspin(
    [
      'haproxy',
      ...['--socket', haproxy.socket, '--map', join(haproxy.folder, 'contexts.map')],
      ...['--control', `127.0.0.1:${control}`, ...more],
    ],
    // Nodes have this time to report after a start.
    { deadlineMs: 60_000, env: { TOPSPIN_CONTROL_STATUS_TIMEOUT: '500ms', ...env } },
  )
  t.after(() => running.child.kill('SIGKILL'))
  const [, address = ''] = await running.sees(/"control":"http:\/\/([^"/]+)/)
  return {
    ...running,
    control: address,
    status: async () =>
      (await (await fetch(`http://${address}/api/status`)).json()) as StatusReport,
  }
}

const isCurrent = (writer: Writer): Promise<void> =>
  until(
    'HAProxy has the cluster',
    async () => (await writer.status()).engines[0]?.isCurrent === true,
    10_000,
    () => writer.printed,
  )

const serves = (haproxy: Haproxy, path: string, text: string): Promise<void> =>
  until(
    `${path} is served by ${text}`,
    async () => (await get(haproxy.port, path)).text === text,
    10_000,
    haproxy.log,
  )

async function shares(haproxy: Haproxy, path: string, count: number): Promise<Map<string, number>> {
  const served = new Map<string, number>()
  for (let n = 0; n < count; n++) {
    const { text, status } = await get(haproxy.port, path)
    assert.equal(status, 200)
    served.set(text, (served.get(text) ?? 0) + 1)
  }
  return served
}

test(
  'nodes that register are served with their weights, sessions and contexts',
  options,
  async (t) => {
    const haproxy = await start(t)
    const writer = await startWriter(t, haproxy)
    let load = 20
    const metrics = [{ name: 'own', capacity: 100, read: () => load }]
    const a = await joinReporting(t, writer.control, 'a', { contexts: ['/shop'], metrics })
    await joinReporting(t, writer.control, 'b', { contexts: ['/shop'] })
    await joinReporting(t, writer.control, 'c', { contexts: ['/'] })
    await serves(haproxy, '/', 'c')
    await until('both serve', async () => (await shares(haproxy, '/shop', 8)).size === 2)
    // `map_beg` alone would match /shopping for /shop.
    for (const path of ['/shopping', '/sho', '/x/shop'])
      assert.equal((await get(haproxy.port, path)).text, 'c', path)
    for (const path of ['/shop', '/shop/', '/shop/cart?x=/'])
      assert.match((await get(haproxy.port, path)).text, /^[ab]$/, path)
    // Weights follow load factors.
    const weight = async (): Promise<string | undefined> => {
      const [one, two] = await Promise.all(
        ['topspin1', 'topspin2'].map((name) => haproxy.stat(name, 'a')),
      )
      return (one ?? two)?.['weight']
    }
    await until('its weight is 80', async () => (await weight()) === '80')
    load = 95
    await until('its weight is 5', async () => (await weight()) === '5')
    // DISABLED: sessions alone, in force with the reply. STOPPED: nothing.
    const session = { cookie: 'JSESSIONID=x.a' }
    assert.equal((await get(haproxy.port, '/shop', session)).text, 'a')
    await a.disable('/shop')
    assert.deepEqual([...(await shares(haproxy, '/shop', 20)).keys()], ['b'])
    assert.equal((await get(haproxy.port, '/shop', session)).text, 'a')
    await a.stop('/shop')
    assert.equal((await get(haproxy.port, '/shop', session)).text, 'b')
    await a.enable('/shop')
    await until('a is back', async () => (await get(haproxy.port, '/shop', session)).text === 'a')
    // A context that comes and goes.
    await a.enable('/new')
    await serves(haproxy, '/new/x', 'c')
    await until('it has no backend', async () => {
      const text = (await writer.status()).engines[0]?.problems.join() ?? ''
      return /\/new\/: no backend is free/.test(text)
    })
    await a.remove('/new')
    await until(
      'no problem is left',
      async () => (await writer.status()).engines[0]?.problems.length === 0,
    )
  },
)

test(
  'three servers of an empty backend each get requests with balance random',
  options,
  async (t) => {
    const haproxy = await start(t)
    const writer = await startWriter(t, haproxy)
    for (const name of ['a', 'b', 'c']) await joinReporting(t, writer.control, name)
    await until('all are added', async () => (await haproxy.stat('topspin1', 'c')) !== undefined)
    await until('all serve', async () => (await shares(haproxy, '/', 30)).size === 3)
    const ids = await haproxy.ask('show servers state topspin1')
    assert.deepEqual([...ids.matchAll(/^\d+ topspin1 (\d+) /gm)].map(([, id]) => id).sort(), [
      '1',
      '2',
      '3',
    ])
  },
)

test(
  'a reload of HAProxy gets everything again, and a server in use is deleted later',
  options,
  async (t) => {
    const haproxy = await start(t)
    const writer = await startWriter(t, haproxy)
    await joinReporting(t, writer.control, 'a')
    const b = await joinReporting(t, writer.control, 'b', { contexts: ['/b'] })
    await serves(haproxy, '/', 'a')
    await serves(haproxy, '/b', 'b')
    await haproxy.reload()
    await serves(haproxy, '/', 'a')
    await serves(haproxy, '/b', 'b')
    await b.close()
    await until(
      'its server is deleted',
      async () => (await haproxy.stat('topspin2', 'b')) === undefined,
    )
    await serves(haproxy, '/b', 'a')
  },
)

test(
  'a writer that starts anew, with a state or without, takes nothing away',
  options,
  async (t) => {
    const haproxy = await start(t)
    const [control = 0] = await freePorts(1)
    const state = ['--state', join(haproxy.folder, 'state')]
    const first = await startWriter(t, haproxy, state, control)
    await joinReporting(t, first.control, 'a')
    await serves(haproxy, '/', 'a')
    await isCurrent(first)
    const load = new SteadyLoad(t, haproxy.port, 100)
    let child = first.child
    for (const isKept of [true, false]) {
      child.kill('SIGKILL')
      if (!isKept) rmSync(join(haproxy.folder, 'state'))
      const next = await startWriter(t, haproxy, state, control)
      await isCurrent(next)
      child = next.child
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
  },
)

test(
  'HAProxy that is not there, has no backends or no map is told in words',
  options,
  async (t) => {
    const without = await startHaproxy(t, 'frontend www\n  bind 127.0.0.1:PORT\n')
    const writer = await startWriter(t, without)
    await joinReporting(t, writer.control, 'a')
    const problems = async (): Promise<string> =>
      (await writer.status()).engines[0]?.problems.join('\n') ?? ''
    await until(
      'both are told',
      async () =>
        /no backend's name begins with topspin.*/.test(await problems()) &&
        /has no map/.test(await problems()),
    )
    rmSync(without.socket)
    await until('the socket is gone', async () => /no HAProxy listens there/.test(await problems()))
    const logged = /"reason":"no HAProxy listens there","msg":"HAProxy is not reached"/
    await until('it is logged', () => logged.test(writer.printed.stdout))
  },
)

test('contexts are found under their own aliases where aliases count', options, async (t) => {
  const key = '%[req.hdr(host),field(1,:),lower,concat(,txn.path,/),map_beg('
  const text = sections()
    .replace('%[path,concat(/),map_beg(', key)
    .replace('  use_backend', '  http-request set-var(txn.path) path\n  use_backend')
  const haproxy = await start(t, text)
  const writer = await startWriter(t, haproxy, [], 0, { TOPSPIN_USE_ALIAS: 'true' })
  await joinReporting(t, writer.control, 'a', { aliases: ['a.test'], contexts: ['/'] })
  await joinReporting(t, writer.control, 'b', { aliases: ['b.test'], contexts: ['/shop'] })
  const at = async (host: string, path: string): Promise<string> => {
    const { status, text: body } = await get(haproxy.port, path, { host })
    return status === 200 ? body : String(status)
  }
  await until('both are served', async () => (await at('b.test', '/shop')) === 'b')
  assert.equal(await at('A.test:80', '/x'), 'a')
  assert.equal(await at('b.test', '/shopping'), '503')
  assert.equal(await at('c.test', '/'), '503')
})
