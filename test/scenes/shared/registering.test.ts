// A node registers with one proxy, and every proxy that shares the registry serves it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, equal, FleetNode, joined, startFleetProxy, stateOf } from '../../support/fleet.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

test('proxies that share a registry on NATS', { skip: noNats }, async (t) => {
  const nats = await startNats(1)
  t.after(() => nats.close())
  const a = await startFleetProxy(t, 'front-a', nats.urls)
  const b = await startFleetProxy(t, 'front-b', nats.urls)
  const proxies = [a, b]
  await joined(proxies)
  const node = await FleetNode.start(t, 'shop-1', '/shop')

  await t.test('a node that registers with one is served by the other', async () => {
    await node.register(a)
    const begun = performance.now()
    await until('the other serves it', async () => (await ask(b.port, '/shop')).status === 200)
    t.diagnostic(`served after ${Math.round(performance.now() - begun)} ms`)
    assert.equal((await ask(a.port, '/shop')).body, 'shop-1')
    await equal(proxies, [node])
  })

  await t.test('a load factor that one hears is known to the other', async () => {
    await node.report(a, 37)
    await until('the other knows it', async () => {
      const [found] = (await b.status()).nodes
      return found?.loadFactor === 37 && found.statusAgeMs !== null
    })
  })

  await t.test('once DISABLE and STOP are answered, they are in force at the other', async () => {
    const replies: string[] = []
    for (const method of ['DISABLE-APP', 'STOP-APP', 'ENABLE-APP'] as const) {
      await node.change(a, method)
      if (method === 'ENABLE-APP') await equal(proxies, [node])
      replies.push(stateOf((await b.status()).nodes, 'shop-1'))
    }
    assert.deepEqual(replies, ['DISABLED', 'STOPPED', 'ENABLED'])
  })

  await t.test(
    'an operator drains the node by any proxy, and it stays drained when it registers again',
    async () => {
      const order = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const drain = { ...order, body: JSON.stringify({ action: 'disable', node: 'shop-1' }) }
      assert.equal((await fetch(new URL('/api/v1/actions', b.control), drain)).status, 200)
      assert.equal(stateOf((await a.status()).nodes, 'shop-1'), 'DISABLED')
      await node.register(a)
      for (const proxy of proxies)
        assert.equal(stateOf((await proxy.status()).nodes, 'shop-1'), 'DISABLED')
      const enable = { ...order, body: JSON.stringify({ action: 'enable', node: 'shop-1' }) }
      assert.equal((await fetch(new URL('/api/v1/actions', a.control), enable)).status, 200)
      await equal(proxies, [node])
    },
  )

  await t.test('a proxy that starts serves the nodes of all others', async () => {
    const c = await startFleetProxy(t, 'front-c', nats.urls)
    await until('it is ready', async () => (await fetch(new URL('/readyz', c.control))).ok)
    assert.equal((await ask(c.port, '/shop')).body, 'shop-1')
    const [found] = (await c.status()).nodes
    assert.equal(found?.loadFactor, 80)
    await c.stop()
    await until('the others know that it has left', async () => {
      const names = (await a.status()).cluster?.proxies.map(({ name }) => name)
      return names?.join() === 'front-a,front-b'
    })
  })

  await t.test('a node that is removed at one is removed at the other', async () => {
    await node.remove(b)
    await equal(proxies, [node], 2_000)
    assert.equal((await ask(a.port, '/shop')).status, 404)
  })

  await t.test('the status shows the registry', async () => {
    const { cluster } = await a.status()
    assert.equal(cluster?.mode, 'joined')
    assert.ok((cluster?.revision ?? 0) > 0)
    assert.equal(cluster?.unwritten, 0)
    assert.deepEqual(cluster?.badRecords, [])
    assert.deepEqual(
      cluster?.proxies.map(({ name, isSelf }) => [name, isSelf]),
      [
        ['front-a', true],
        ['front-b', false],
      ],
    )
  })
})
