// What proxies of a shared registry cannot both be right about: two nodes that register one address through two proxies at once,
// and records that another version has written. Meanwhile other nodes change, and clients send requests.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { ask, equal, FleetNode, type FleetProxy, stateOf } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

const bucket = '$KV.topspin_default.'

test('what proxies cannot both be right about', { skip: noNats }, async (t) => {
  const nats = await startNats(3)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b', 'front-c'], nats.urls, {
    nodes: 4,
    proxy: (at) => (at === 1 ? { args: ['--workers', '1'] } : {}),
  })
  const [a, b] = stage.proxies as [FleetProxy, FleetProxy, FleetProxy]
  const operator = await connect({ servers: [...nats.urls] })
  t.after(() => operator.close())

  await stage.under('two nodes register one address through two proxies at once', async () => {
    for (let round = 0; round < 6; round++) {
      const path = `/twin-${round}`
      const left = await FleetNode.start(t, `left-${round}`, path)
      const right = left.twin(t, `right-${round}`)
      // One of them may be gone before it says ENABLE.
      const sent = await Promise.allSettled([left.register(a), right.register(b)])
      assert.ok(
        sent.some(({ status }) => status === 'fulfilled'),
        JSON.stringify(sent),
      )
      let views: readonly string[] = []
      await until(
        'all proxies have the same one',
        async () => {
          views = await living(stage.proxies, [left.route, right.route])
          return views.every((view) => /^(left|right)-\d$/.test(view) && view === views[0])
        },
        10_000,
        () => ({ round, views, sent }),
      )
      for (const proxy of stage.proxies) assert.equal((await ask(proxy.port, path)).status, 200)
    }
  })

  const moved = await FleetNode.start(t, 'moved', '/moved')
  await moved.register(a)
  await equal(stage.proxies, [moved])
  await stage.under('another version writes records of its own form', async () => {
    const [known] = await records(operator, 'moved')
    assert.ok(known)
    const record = { ...JSON.parse(known), v: 2, body: { something: 'else' } }
    const written = await follow(operator, ['n.moved', 'n.newer'])
    for (const key of ['n.moved', 'n.newer']) {
      operator.publish(`${bucket}${key}`, JSON.stringify(record))
      await until('all proxies say so', async () => (await bad(stage.proxies, key)).every(Boolean))
    }
    for (const proxy of stage.proxies) assert.equal((await ask(proxy.port, '/moved')).body, 'moved')
    // What the node says is in force at all proxies nevertheless, and leaves the record to those who can read it.
    for (const [proxy, method] of [
      [b, 'DISABLE-APP'],
      [a, 'ENABLE-APP'],
      [b, 'STOP-APP'],
    ] as const) {
      const begun = performance.now()
      await moved.change(proxy, method)
      const tookMs = performance.now() - begun
      assert.ok(tookMs < 1_000, `${method} took ${tookMs} ms`)
      await equal(stage.proxies, [moved])
    }
    await sleep(2_500)
    assert.deepEqual(written.keys, ['n.moved', 'n.newer'], 'they are not written over')
    // The other version has heard it, and writes it in the form of all.
    const [order] = JSON.parse(known).order as [number]
    const later = { ...JSON.parse(known), order: [order + 3_600_000, 0, 0] }
    operator.publish(`${bucket}n.moved`, JSON.stringify(later))
    moved.wanted = 'ENABLED'
    await equal(stage.proxies, [moved])
    await until('it is used', async () => !(await bad(stage.proxies, 'n.moved')).some(Boolean))
    await until('nothing is left to write', async () => (await unwritten(stage.proxies)) === 0)
    written.stop()
  })
  await stage.under('a record is damaged', async () => {
    const written = await follow(operator, ['n.moved'])
    operator.publish(`${bucket}n.moved`, 'damaged')
    await until('all proxies say so', async () =>
      (await bad(stage.proxies, 'n.moved')).every(Boolean),
    )
    for (const proxy of stage.proxies) assert.equal((await ask(proxy.port, '/moved')).body, 'moved')
    // The node's next message mends it.
    await moved.change(b, 'DISABLE-APP')
    await equal(stage.proxies, [moved])
    await until('it is mended', async () => !(await bad(stage.proxies, 'n.moved')).some(Boolean))
    assert.equal((await records(operator, 'moved')).length, 1)
    assert.deepEqual(written.keys, ['n.moved', 'n.moved'])
    written.stop()
  })
  await stage.end()
})

/** Which of these each proxy has. */
const living = (proxies: readonly FleetProxy[], routes: readonly string[]) =>
  Promise.all(
    proxies.map(async (proxy): Promise<string> => {
      const { nodes } = await proxy.status()
      return routes.filter((route) => stateOf(nodes, route) !== 'absent').join()
    }),
  )

/** Whether each proxy shows a record as one that it does not use. */
const bad = (proxies: readonly FleetProxy[], key: string): Promise<readonly boolean[]> =>
  Promise.all(
    proxies.map(
      async (proxy) =>
        (await proxy.status()).cluster?.badRecords.some((each) => each.key === key) === true,
    ),
  )

async function unwritten(proxies: readonly FleetProxy[]): Promise<number> {
  const reports = await Promise.all(proxies.map((proxy) => proxy.status()))
  return reports.reduce((sum, { cluster }) => sum + (cluster?.unwritten ?? 0), 0)
}

/** The record of a node as it is in the bucket, in a list; nothing: there is none. */
async function records(operator: NatsConnection, route: string): Promise<readonly string[]> {
  const stream = 'KV_topspin_default'
  const asked = JSON.stringify({ last_by_subj: `${bucket}n.${route}` })
  const answer = await operator.request(`$JS.API.STREAM.MSG.GET.${stream}`, asked)
  const { message } = answer.json<{ message?: { data: string } }>()
  return message === undefined ? [] : [Buffer.from(message.data, 'base64').toString('utf8')]
}

/** The writes of some keys from now on. */
async function follow(
  operator: NatsConnection,
  keys: readonly string[],
): Promise<{ readonly keys: readonly string[]; stop(): void }> {
  const seen: string[] = []
  const heard = operator.subscribe(`${bucket}>`, {
    callback: (_, { subject }) => {
      const key = subject.slice(bucket.length)
      if (keys.includes(key)) seen.push(key)
    },
  })
  await operator.flush()
  return { keys: seen, stop: () => heard.unsubscribe() }
}
