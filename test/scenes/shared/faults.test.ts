// Faults of the servers of NATS, each while nodes change and clients send requests: every message is accepted, no
// request fails, and in the end all proxies know what was accepted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FleetProxy } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

test('a shared registry loses nothing that was accepted', { skip: noNats }, async (t) => {
  const nats = await startNats(3)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b', 'front-c'], nats.urls, {
    // One of them has workers.
    proxy: (at) => (at === 1 ? { args: ['--workers', '1'] } : {}),
  })
  const leader = async () => {
    let found = await nats.leaderOf('topspin_default')
    await until('the bucket has a leader', async () => {
      found = await nats.leaderOf('topspin_default')
      return found !== undefined
    })
    return found as NonNullable<typeof found>
  }

  await stage.under('the leader of the bucket is killed, and comes back', async () => {
    const server = await leader()
    server.kill('SIGKILL')
    await sleep(8_000)
    server.restart()
  })
  await stage.under('the leader of the bucket is suspended', async () => {
    const server = await leader()
    server.kill('SIGSTOP')
    await sleep(10_000)
    server.kill('SIGCONT')
    await sleep(2_000)
  })
  await stage.under('two servers are killed, and come back', async () => {
    const led = await leader()
    const other = nats.servers.find((server) => server !== led)
    for (const server of [led, other]) server?.kill('SIGKILL')
    await until('all proxies are alone', () => areAlone(stage.proxies))
    for (const server of [led, other]) server?.restart()
  })
  await stage.under('all three servers are killed, and come back one after the other', async () => {
    for (const server of nats.servers) server.kill('SIGKILL')
    await until('all proxies are alone', () => areAlone(stage.proxies))
    for (const server of nats.servers) {
      server.restart()
      await sleep(1_000)
    }
  })
  const served = await stage.end()
  t.diagnostic(`${served} requests, none failed`)

  await t.test('afterwards each proxy writes one sign of life in two seconds', async () => {
    const before = await nats.written('topspin_default')
    const begun = performance.now()
    await sleep(6_000)
    const written = (await nats.written('topspin_default')) - before
    const rounds = Math.ceil((performance.now() - begun) / 2_000) + 1
    assert.ok(written > 0 && written <= rounds * stage.proxies.length, `${written} writes`)
  })
})

const areAlone = async (proxies: readonly FleetProxy[]): Promise<boolean> => {
  const reports = await Promise.all(proxies.map((proxy) => proxy.status()))
  return reports.every(({ cluster }) => cluster?.mode === 'alone')
}
