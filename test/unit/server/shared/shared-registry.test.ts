import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { Registry } from '../../../../src/cluster/registry.ts'
import { SharedRegistry } from '../../../../src/server/shared/shared-registry.ts'
import { type MemoryLog, memoryLog } from '../../../support/memory-log.ts'
import { MemoryBucket } from '../../../support/memory-store.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { until } from '../../../support/until.ts'

const facts = {
  now: 0,
  from: '10.0.0.7',
  answers: new Map<string, boolean>(),
  live: () => new LiveTable().of(0),
}

interface Proxy {
  readonly registry: Registry
  readonly shared: SharedRegistry
  readonly log: MemoryLog
}

async function join(bucket: MemoryBucket, proxy: string, wall: number): Promise<Proxy> {
  const store = bucket.join()
  const registry = new Registry({ runId: proxy })
  const log = memoryLog()
  const shared = new SharedRegistry({
    store,
    registry,
    live: new LiveTable(),
    clock: { now: () => 0, wall: () => wall },
    log,
    proxy,
    publish: async () => {},
    isAllowed: () => true,
  })
  await store.watch({
    begins: (name) => shared.begin(name),
    entry: (entry) => void shared.see(entry),
    listed: () => shared.listed(),
    ended: () => {},
  })
  return { registry, shared, log }
}

const register = ({ shared }: Proxy, route: string) =>
  shared.apply(
    {
      method: 'CONFIG',
      route,
      host: '10.0.0.7',
      port: 8001,
      type: 'http',
      aliases: [],
      contexts: [],
    },
    facts,
    async () => {},
  )

const registered = ({ registry }: Proxy): string =>
  [...registry.snapshot.nodes.values()]
    .filter(({ removal }) => removal === 'none')
    .map(({ route }) => route)
    .join()

test('of two routes that register one address through two proxies at once, the later one stays', async () => {
  const bucket = new MemoryBucket(seededRandom(1))
  const proxies = [await join(bucket, 'a', 2_000), await join(bucket, 'b', 1_000)] as const
  const replies = await Promise.all([register(proxies[0], 'late'), register(proxies[1], 'early')])
  assert.ok(
    replies.every(({ reply }) => reply.ok),
    'neither knew of the other',
  )
  await until('both have one', () => proxies.every((proxy) => registered(proxy) === 'late'))
  for (let turns = 0; turns < 100; turns++) await turn()
  assert.deepEqual(proxies.map(registered), ['late', 'late'])
  for (const { log } of proxies)
    assert.ok(log.messages.includes('two nodes have one address: the earlier one is removed'))
})
