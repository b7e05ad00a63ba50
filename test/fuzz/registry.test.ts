// Random histories of messages, failing addresses and time: INFO stays readable for a Java node, tables stay within their
// limits, and the changes alone result in the same snapshot.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mcmpLimits } from '../../src/base/limits.ts'
import { applyChange, emptySnapshot } from '../../src/cluster/snapshot.ts'
import type { Message } from '../../src/wire/mcmp/message.ts'
import { parseInfo } from '../../src/wire/mcmp/parse-info.ts'
import { RegistryBench } from '../support/registry-bench.ts'

const limits = {
  ...mcmpLimits,
  nodesMax: 4,
  hostsMax: 6,
  contextsMax: 9,
  balancersMax: 2,
  refusalsMax: 2,
}
const route = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const aliases = fc.subarray(['x', 'X', 'y', 'z', 'w'], { minLength: 1 })
const contexts = fc.subarray(['/', '/1', '1', '/2'], { minLength: 1 })

const config: fc.Arbitrary<Message> = fc
  .record({
    route,
    port: fc.integer({ min: 1, max: 3 }),
    balancer: fc.constantFrom('one', 'two', 'three'),
    ttlMs: fc.constantFrom(1000, 2000),
    names: fc.oneof(fc.record({ aliases, contexts }), fc.constant({ aliases: [], contexts: [] })),
  })
  .map(({ names, ...fields }) => ({
    ...fields,
    ...names,
    method: 'CONFIG',
    host: 'h',
    type: 'http',
  }))

const app: fc.Arbitrary<Message> = fc
  .record({
    method: fc.constantFrom(
      'ENABLE-APP' as const,
      'DISABLE-APP' as const,
      'STOP-APP' as const,
      'REMOVE-APP' as const,
    ),
    wildcard: fc.boolean(),
    route,
    aliases,
    contexts,
  })
  .map((message) => message)

const status: fc.Arbitrary<Message> = fc
  .record({ route, load: fc.integer({ min: -1, max: 100 }) })
  .map((fields) => ({ ...fields, method: 'STATUS' }))

type Step = { message: Message } | { wait: number } | { flip: number } | { fix: string }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: config.map((message) => ({ message })) },
  { weight: 5, arbitrary: app.map((message) => ({ message })) },
  { weight: 2, arbitrary: status.map((message) => ({ message })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 15_000 }).map((wait) => ({ wait })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((flip) => ({ flip })) },
  { weight: 1, arbitrary: route.map((fix) => ({ fix })) },
)

function check(bench: RegistryBench): void {
  const { snapshot } = bench.registry
  const read = parseInfo(bench.ok('INFO /'))
  assert.ok(read.ok)
  const { nodes, vhosts, contexts: rows } = read.info
  const names = nodes.map((node) => node.name).filter((name) => name !== 'REMOVED')
  assert.equal(new Set(names).size, names.length, 'one line per name')
  assert.equal(new Set(nodes.map((node) => node.id)).size, nodes.length, 'one row per node')
  assert.deepEqual(
    nodes.map((node) => node.id),
    nodes.map((node) => node.id).sort((a, b) => a - b),
  )
  for (const { node, vhost } of rows) {
    assert.ok(
      nodes.some(({ id }) => id === node),
      'no orphans',
    )
    assert.ok(
      vhosts.some((host) => host.node === node && host.id === vhost),
      'every context has its host',
    )
  }
  const live = [...snapshot.nodes.values()].filter((node) => node.removal === 'none' && !node.fixed)
  const workers = live.map(
    ({ balancer, host, port, type, ttlMs }) => `${balancer} ${host} ${port} ${type} ${ttlMs}`,
  )
  assert.equal(new Set(workers).size, workers.length, 'one route per worker')
  for (const [id, list] of snapshot.contexts) {
    assert.ok(snapshot.nodes.has(id), 'contexts of a node that exists')
    const keys = list.map((row) => `${row.alias.toLowerCase()} ${row.path.replace(/^\//, '')}`)
    assert.equal(new Set(keys).size, keys.length, 'one row per alias and path')
    for (const alias of new Set(list.map((row) => row.alias)))
      assert.equal(
        new Set(list.filter((row) => row.alias === alias).map((row) => row.vhost)).size,
        1,
      )
  }
  assert.ok(snapshot.balancers.size <= limits.balancersMax + 1, 'the fixed node may add one')
  assert.ok(rows.length <= limits.contextsMax + 5, 'fixed nodes add one each')
}

test('any history keeps INFO readable, tables bounded and changes complete', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bench = new RegistryBench({ limits })
      let mirror = emptySnapshot
      for (const one of steps) {
        if ('message' in one) mirror = bench.apply(one.message).changes.reduce(applyChange, mirror)
        else if ('wait' in one) {
          bench.now += one.wait
          mirror = bench.tick().reduce(applyChange, mirror)
        } else if ('flip' in one) {
          const address = `h:${one.flip}`
          if (!bench.dead.delete(address)) bench.dead.add(address)
        } else {
          mirror = bench.registry
            .addFixed([{ route: one.fix, host: 'f', port: 9 }])
            .reduce(applyChange, mirror)
        }
        assert.deepEqual(mirror, bench.registry.snapshot)
        check(bench)
      }
    }),
    { numRuns: 200 },
  )
})

test('any message in any state has a reply, and one refused for an unknown route or a conflict changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(config, app, status), { maxLength: 30 }), (messages) => {
      const bench = new RegistryBench({ limits })
      for (const message of messages) {
        const before = bench.registry.snapshot
        const { reply, changes } = bench.apply(message)
        if (reply.ok) continue
        const partial = reply.text.includes('host alias') || reply.text.includes('context for node')
        if (!partial) assert.deepEqual([changes, bench.registry.snapshot], [[], before])
      }
    }),
  )
})
