// Faults of proxies that share a registry, each while nodes change through the other proxies and clients send requests to them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from '../../support/child.ts'
import { type FleetProxy, stateOf } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

test('proxies that fail, hang, differ in time or are replaced', { skip: noNats }, async (t) => {
  const nats = await startNats(1)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b', 'front-c'], nats.urls, {
    // The clock of front-b is an hour ahead; front-c is the one that hangs and is killed.
    proxy: (at) =>
      at === 1
        ? {
            env: { NODE_OPTIONS: `--import=${built('test/fixtures/fast-clock.js')}` },
            isGroup: true,
          }
        : {},
    isCounted: true,
    idle: 1,
  })
  const [a, b, c] = stage.proxies as [FleetProxy, FleetProxy, FleetProxy]
  const heard = stage.nodes[2]
  assert.ok(heard)
  await heard.report(c, 66)

  await stage.under('clocks differ by an hour, and the store is away', async () => {
    const [server] = nats.servers
    server?.kill('SIGKILL')
    await sleep(4_000)
    server?.restart()
    const { cluster } = await a.status()
    const clock = cluster?.proxies.find(({ name }) => name === 'front-b')?.clockMs ?? 0
    assert.ok(Math.abs(clock - 3_600_000) < 10_000, `the clock of front-b differs by ${clock} ms`)
  })
  await stage.under('a proxy is suspended for 30 s', async () => {
    c.child.kill('SIGSTOP')
    await until('it is gone for the others', async () => !(await names(a)).includes('front-c'))
    await sleep(20_000)
    for (const proxy of [a, b]) {
      const { nodes } = await proxy.status()
      assert.notEqual(stateOf(nodes, heard.route), 'absent')
    }
    c.child.kill('SIGCONT')
    await until('the others know it again', async () => (await names(a)).includes('front-c'))
  })
  await stage.under('a proxy is replaced by topspin upgrade', async () => {
    const { code, stdout, stderr } = await topspin('upgrade', '--control', b.control, '--json')
    assert.equal(code, 0, stdout + stderr)
    await until('the others know the new process', async () => (await names(a)).includes('front-b'))
  })
  await stage.end()
  await t.test('the nodes of a proxy that is killed stay', async () => {
    c.child.kill('SIGKILL')
    await until('it is gone for the others', async () => !(await names(a)).includes('front-c'))
    for (const proxy of [a, b])
      for (const { route, wanted } of stage.nodes)
        assert.equal(stateOf((await proxy.status()).nodes, route), wanted)
  })
})

const names = async (proxy: FleetProxy): Promise<readonly string[]> =>
  (await proxy.status()).cluster?.proxies.map(({ name }) => name) ?? []
