// Nodes that speak to several proxies of a shared registry: one whose message hangs in a proxy while it goes on with another,
// and a Java node that has all proxies in its list. Meanwhile other nodes change, and clients send requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@nats-io/transport-node'
import { equal, FleetNode, type FleetProxy, stateOf } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

test('nodes that speak to several proxies', { skip: noNats }, async (t) => {
  const nats = await startNats(3)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b', 'front-c'], nats.urls, {
    nodes: 4,
    // front-c is the one in which messages hang.
    idle: 1,
  })
  const [a, b, c] = stage.proxies as [FleetProxy, FleetProxy, FleetProxy]
  const mover = (await FleetNode.start(t, 'mover', '/mover')).count()
  await mover.register(c)
  const java = await FleetNode.start(t, 'java', '/java')
  for (const proxy of [a, b]) await java.register(proxy)
  await equal(stage.proxies, [mover, java])

  await stage.under('a message hangs in a proxy, and the node goes on with another', async () => {
    for (const [late, since] of [
      ['DISABLE-APP', 'ENABLE-APP'],
      ['ENABLE-APP', 'STOP-APP'],
      ['STOP-APP', 'ENABLE-APP'],
    ] as const) {
      c.child.kill('SIGSTOP')
      const hanging = mover.change(c, late)
      await mover.change(b, since)
      c.child.kill('SIGCONT')
      // It is answered with OK, and has no effect.
      await hanging
      await equal(stage.proxies, [mover])
    }
  })
  await stage.under('a node moves from proxy to proxy with each change', async () => {
    for (let turn = 0; turn < 60; turn++) {
      const to = stage.proxies[turn % 3] as FleetProxy
      await mover.change(to, turn % 2 === 0 ? 'DISABLE-APP' : 'ENABLE-APP')
      assert.equal(stateOf((await to.status()).nodes, 'mover'), mover.wanted)
    }
    await equal(stage.proxies, [mover])
  })
  await stage.under('a Java node reports to two proxies at once', async () => {
    const listener = await connect({ servers: [...nats.urls] })
    const writes: string[] = []
    const heard = listener.subscribe('$KV.topspin_default.>', {
      callback: (_, message) => {
        writes.push(message.subject)
      },
    })
    await listener.flush()
    try {
      for (let round = 0; round < 20; round++) {
        await Promise.all([a, b].map((proxy) => java.report(proxy, 50 + round)))
        await sleep(100)
      }
      await until('other nodes and the proxies were written', () => writes.length > 10)
      assert.deepEqual(
        writes.filter((subject) => subject.endsWith('.java')),
        [],
        'reports are not written',
      )
      // What it says to either counts.
      for (const [proxy, other] of [
        [a, b],
        [b, a],
      ] as const) {
        await java.change(proxy, 'DISABLE-APP')
        assert.equal(stateOf((await other.status()).nodes, 'java'), 'DISABLED')
        await java.change(other, 'ENABLE-APP')
        await equal(stage.proxies, [java])
      }
    } finally {
      heard.unsubscribe()
      await listener.close()
    }
  })
  await stage.end()
})
