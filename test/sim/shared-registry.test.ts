// Drives the product's registries with a shared store through random schedules of messages and faults, and compares at the
// end: what was accepted is there or superseded by the node itself, all proxies are equal, no node is shut out.
// TOPSPIN_SCHEDULES=N runs more of them than `npm test` does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Random } from '../../src/base/clock.ts'
import { LiveTable } from '../../src/cluster/live.ts'
import { Registry } from '../../src/cluster/registry.ts'
import { keyOf } from '../../src/cluster/shared/keys.ts'
import { compareOrder, type Order } from '../../src/cluster/shared/order.ts'
import { bodyOf } from '../../src/cluster/shared/touched.ts'
import { findNode } from '../../src/cluster/snapshot.ts'
import { SharedRegistry } from '../../src/server/shared/shared-registry.ts'
import type { AppMethod, Message, NodeOrder } from '../../src/wire/mcmp/message.ts'
import { memoryLog } from '../support/memory-log.ts'
import { MemoryBucket, type MemoryStore } from '../support/memory-store.ts'
import { seededRandom } from '../support/seeded-random.ts'

const schedules = Number(process.env['TOPSPIN_SCHEDULES'] ?? 100)
const routes = ['counts-a', 'counts-b', 'java-c'] as const
const paths = ['/shop', '/cart'] as const
const limits = { refusedMs: 0, joinMs: 0, roundsMax: 50 }

interface Proxy {
  readonly name: string
  readonly store: MemoryStore
  readonly registry: Registry
  readonly shared: SharedRegistry
  unwatch: () => void
}

interface World {
  readonly random: Random
  readonly bucket: MemoryBucket
  readonly proxies: Proxy[]
  /** The latest that was answered with OK and not as old news, by route. */
  readonly accepted: Map<string, NodeOrder>
  readonly runs: Map<string, { run: number; change: number; port: number }>
  now: number
  isForgetful: boolean
}

function newProxy(world: World, index: number): Proxy {
  const store = world.bucket.join()
  const registry = new Registry({ runId: String(index) })
  // Clocks that differ by minutes.
  const clock = { now: () => world.now, wall: () => 1_000_000 + world.now + 200_000 * index }
  const shared = new SharedRegistry({
    store,
    registry,
    live: new LiveTable(),
    clock,
    log: memoryLog(),
    proxy: `front-${index}`,
    publish: async () => {},
    isAllowed: () => true,
    limits,
  })
  const proxy: Proxy = { name: `front-${index}`, store, registry, shared, unwatch: () => {} }
  return proxy
}

async function list({ store, shared }: Proxy): Promise<void> {
  await store
    .watch({
      begins: (name) => shared.begin(name),
      entry: (entry) => void shared.see(entry),
      listed: () => shared.listed(),
      ended: () => {},
    })
    .catch(() => {})
}

const config = (world: World, route: string): Message => {
  const { run, change, port } = world.runs.get(route)!
  const order = route.startsWith('counts') ? { order: [run, change] as const } : {}
  return {
    method: 'CONFIG',
    route,
    host: '127.0.0.1',
    port,
    type: 'http',
    aliases: [],
    contexts: [],
    ...order,
  }
}

const app = (world: World, route: string, method: AppMethod, path: string): Message => {
  const { run, change } = world.runs.get(route)!
  const isCounted = route.startsWith('counts')
  return {
    method,
    wildcard: false,
    route,
    aliases: ['localhost'],
    contexts: [path],
    sender: 'node',
    ...(isCounted ? { order: [run, change] as const } : {}),
  }
}

async function send(world: World, proxy: Proxy, message: Message): Promise<boolean> {
  const facts = {
    now: world.now,
    from: '127.0.0.1',
    answers: new Map<string, boolean>(),
    live: () => new LiveTable().of(0),
  }
  const { reply, known } = await proxy.shared.apply(message, facts, async () => {})
  if (!('route' in message) || message.route === undefined) return reply.ok
  const order = 'order' in message ? message.order : undefined
  if (reply.ok && known === undefined && order !== undefined) {
    const before = world.accepted.get(message.route)
    const isLater =
      before === undefined ||
      order[0] > before[0] ||
      (order[0] === before[0] && order[1] > before[1])
    if (isLater) world.accepted.set(message.route, order)
  }
  if (known !== undefined && order !== undefined) learn(world, message.route, order, known)
  return reply.ok
}

/** A process that is alive takes a later order than the one that counts. */
function learn(world: World, route: string, sent: NodeOrder, known: Order): void {
  const present = world.runs.get(route)!
  if (sent[0] !== present.run || (known[0] - present.run || known[1] - present.change) <= 0) return
  present.run = known[0] + 1
}

async function change(world: World): Promise<void> {
  const { random } = world
  const route = pick(random, routes)
  const node = world.runs.get(route)!
  node.change += 1
  const method = pick(random, ['ENABLE-APP', 'DISABLE-APP', 'STOP-APP'] as const)
  const message = app(world, route, method, pick(random, paths))
  // To all proxies of its list, each with its own delay.
  const targets = world.proxies.filter(() => random() < 0.7)
  for (const proxy of targets) {
    void (async () => {
      await world.bucket.delay(30)
      if (!(await send(world, proxy, message))) await register(world, route, proxy)
    })()
  }
}

async function register(world: World, route: string, proxy: Proxy): Promise<void> {
  await send(world, proxy, config(world, route))
  for (const path of paths) await send(world, proxy, app(world, route, 'ENABLE-APP', path))
}

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

function fault(world: World): void {
  const { random, bucket } = world
  const proxy = pick(random, world.proxies)
  const { client } = proxy.store
  switch (Math.floor(random() * 7)) {
    case 0:
      client.isCut = !client.isCut
      break
    case 1:
      client.isDeaf = true
      break
    case 2:
      proxy.store.lossy = random() < 0.5 ? 0.4 : 0
      break
    case 3:
      bucket.lose()
      break
    case 4:
      bucket.rollBack(1 + Math.floor(random() * 5))
      break
    case 5: {
      // Killed and started without a state file.
      client.isCut = true
      client.events = undefined
      world.isForgetful = true
      const index = world.proxies.indexOf(proxy)
      world.proxies[index] = newProxy(world, index)
      void list(world.proxies[index]!)
      break
    }
    default: {
      // A process of a node starts anew, where the clock is behind.
      const node = world.runs.get(pick(random, routes))!
      node.run -= 1_000
      node.change = 0
    }
  }
}

async function settle(world: World): Promise<void> {
  for (const { store } of world.proxies) {
    store.client.isCut = false
    store.lossy = 0
  }
  for (let round = 0; round < 4; round++) {
    for (const proxy of world.proxies) await list(proxy)
    for (let turns = 0; turns < 120; turns++) await turn()
  }
}

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const world: World = {
    random,
    bucket: new MemoryBucket(random),
    proxies: [],
    accepted: new Map(),
    runs: new Map(routes.map((route, at) => [route, { run: 5_000, change: 0, port: 9_000 + at }])),
    now: 0,
    isForgetful: false,
  }
  for (let index = 0; index < 3; index++) world.proxies.push(newProxy(world, index))
  for (const proxy of world.proxies) await list(proxy)
  for (const route of routes) await register(world, route, pick(random, world.proxies))
  for (let step = 0; step < 40; step++) {
    world.now += 10
    if (random() < 0.75) await change(world)
    else fault(world)
    if (random() < 0.3) await list(pick(random, world.proxies))
    await world.bucket.delay(5)
  }
  await settle(world)
  check(world, seed)
  for (const route of routes) await checkAlive(world, route, seed)
}

function check({ bucket, proxies, accepted, isForgetful }: World, seed: number): void {
  for (const route of routes) {
    const key = keyOf({ kind: 'node', name: route })
    const stored = bucket.entries.get(key)?.value
    const { order, body } = JSON.parse(stored ?? '{}') as { order?: Order; body?: unknown }
    for (const { name, registry, shared } of proxies) {
      assert.equal(shared.unwritten, 0, `seed ${seed}: ${name} has unwritten records`)
      const own = bodyOf(registry.snapshot, { kind: 'node', name: route })
      assert.equal(
        own,
        body === undefined ? undefined : JSON.stringify(body),
        `seed ${seed}: ${name} ${route}`,
      )
    }
    const last = accepted.get(route)
    // A proxy that was killed may have been the only one that knew.
    if (last === undefined || isForgetful) continue
    assert.ok(
      order !== undefined && compareOrder(order, [...last, 0]) >= 0,
      `seed ${seed}: accepted ${last} of ${route}, the store has ${order}`,
    )
  }
}

/** What the node says next counts at all proxies, with one more attempt where its clock is behind. */
async function checkAlive(world: World, route: string, seed: number): Promise<void> {
  const [proxy] = world.proxies
  world.runs.get(route)!.change += 1
  for (let attempt = 0; attempt < 3; attempt++) {
    await register(world, route, proxy!)
    for (const path of paths) await send(world, proxy!, app(world, route, 'DISABLE-APP', path))
  }
  for (let turns = 0; turns < 60; turns++) await turn()
  for (const { name, registry } of world.proxies) {
    const node = findNode(registry.snapshot, route)
    const rows = node === undefined ? [] : (registry.snapshot.contexts.get(node.id) ?? [])
    const statuses = rows.map(({ status }) => status)
    assert.deepEqual(statuses, ['DISABLED', 'DISABLED'], `seed ${seed}: ${route} at ${name}`)
  }
}

test(`proxies with a shared registry lose nothing and become equal in ${schedules} random schedules`, async () => {
  for (let seed = 1; seed <= schedules; seed++) await run(seed)
})
