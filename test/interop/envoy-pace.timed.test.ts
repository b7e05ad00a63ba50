// The discovery service with the real Envoy and 10,000 endpoints: changes do not pile up, and drains are in force soon.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { ServedNode } from '../../src/cluster/served.ts'
import { loadXds } from '../../src/server/engines/xds/packages.ts'
import { XdsServer } from '../../src/server/engines/xds/xds-server.ts'
import { balancerOf, nodeOf } from '../support/cluster-fixture.ts'
import { noEnvoy, startEnvoy } from '../support/envoy.ts'
import { memoryLog } from '../support/memory-log.ts'
import { until } from '../support/until.ts'

const count = 10_000

const member = (at: number): ServedNode => ({
  node: nodeOf(at + 1, { host: `10.1.${at >> 8}.${at & 255}`, port: 8080 }),
  state: 'on',
  weight: 50,
  isStandby: false,
})

test('changes of 10,000 endpoints do not pile up, and drains are in force soon', {
  skip: noEnvoy,
}, async (t) => {
  const nodes = Array.from({ length: count }, (_, at) => member(at))
  const log = memoryLog()
  const server = new XdsServer(
    {
      listen: { host: '127.0.0.1', port: 0 },
      isAllowed: () => true,
      resources: { listeners: [], connectMs: 1_000 },
      read: () => [{ balancer: balancerOf(), path: '', alias: '*', nodes }],
      log,
      clock: systemClock,
    },
    await loadXds(),
  )
  const port = await server.listen()
  t.after(() => server.close())
  server.start()
  const envoy = await startEnvoy(t, port)
  const isCurrent = (): boolean => server.reports().some((report) => report.isCurrent)
  const membership = async (): Promise<number> =>
    Number(/membership_total: (\d+)/.exec(await envoy.ask('/stats?filter=mycluster'))?.[1] ?? 0)
  await until('Envoy has all', async () => (await membership()) === count, 30_000, envoy.log)
  await until('it has acknowledged them', isCurrent)
  const updates = async (): Promise<number> =>
    Number(
      /update_success: (\d+)/.exec(await envoy.ask('/stats?filter=mycluster.*update_success'))?.[1],
    )
  // A weight changes 20 times a second for 2 s; a drain in between does not wait behind them.
  const before = await updates()
  const waits: number[] = []
  for (let round = 0; round < 40; round++) {
    nodes[round] = { ...member(round), weight: 1 + round }
    const isUrgent = round % 10 === 9
    if (isUrgent) nodes[round] = { ...member(round), state: 'off' }
    const start = performance.now()
    await server.changed(isUrgent)
    if (isUrgent) waits.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await until('all is in force', isCurrent, 5_000)
  const sent = (await updates()) - before
  t.diagnostic(
    `drains in force after ${waits.map(Math.round).join(', ')} ms; ${sent} updates for 40 changes`,
  )
  assert.ok(
    waits.every((ms) => ms < 2_000),
    `${waits}`,
  )
  assert.ok(sent <= 20, `changes are collected: ${sent}`)
  const text = await envoy.ask('/config_dump?include_eds')
  assert.equal(text.match(/"state": "off"/g)?.length, 4)
})
