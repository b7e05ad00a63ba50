// The text of a state file is read as a whole or refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesFrom } from '../../../src/cluster/changes-from.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import type { Change } from '../../../src/cluster/snapshot.ts'
import {
  type FoundState,
  readState,
  type SavedState,
  writeChanges,
  writeState,
} from '../../../src/cluster/state-text.ts'
import { RegistryBench } from '../../support/registry-bench.ts'

const writer = { pid: 4711, machine: 'here' }

function cluster(): RegistryBench {
  const bench = new RegistryBench()
  bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=81&Type=http&Domain=east&StickySessionCookie=S')
  bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Port=81&Type=http&Balancer=other')
  bench.ok('ENABLE-APP / JVMRoute=a&Alias=shop.test,sk%C3%A5l.test&Context=/cart,/')
  bench.ok('DISABLE-APP / JVMRoute=b&Alias=localhost&Context=/b')
  bench.ok('STOP-APP / JVMRoute=b&Alias=localhost&Context=/b,/new')
  bench.ok('STATUS / JVMRoute=a&Load=80')
  bench.ok('CONFIG / JVMRoute=c&Host=10.0.0.3&Port=81&Type=http')
  bench.ok('REMOVE-APP /* JVMRoute=c')
  bench.registry.adjust({ route: 'a', weight: 30 })
  bench.registry.adjust({ route: 'b', ejected: true })
  return bench
}

const saved = ({ registry, live }: RegistryBench): SavedState => ({
  writer,
  changes: changesFrom(registry.snapshot, live),
})

function read(text: string | Buffer): FoundState {
  const state = readState(Buffer.from(text))
  assert.ok('changes' in state, JSON.stringify(state))
  return state
}

test('reading returns what was written', () => {
  const state = saved(cluster())
  assert.deepEqual(read(writeState(state)), { ...state, unusedBytes: 0 })
})

test('a restored registry continues where the earlier one ended', () => {
  const before = cluster()
  const after = new Registry({ runId: '1' })
  after.restore(read(writeState(saved(before))).changes, 5_000)
  assert.deepEqual(after.snapshot.nodes, before.registry.snapshot.nodes)
  assert.deepEqual(after.snapshot.balancers, before.registry.snapshot.balancers)
  assert.deepEqual(after.snapshot.contexts, before.registry.snapshot.contexts)
  assert.deepEqual(after.snapshot.orders, before.registry.snapshot.orders)
})

test('a node in removal starts its phase again, and new nodes get new ids', () => {
  const before = cluster()
  const bench = new RegistryBench()
  bench.now = 50_000
  bench.registry.restore(read(writeState(saved(before))).changes, bench.now)
  bench.ok('CONFIG / JVMRoute=d&Host=10.0.0.4&Port=81&Type=http')
  const ids = [...bench.registry.snapshot.nodes.keys()]
  assert.equal(new Set(ids).size, 4)
  assert.deepEqual(
    bench.lines('Node').map((line) => /Name: (\w+)/.exec(line)?.[1]),
    ['a', 'b', 'c', 'd'],
  )
  bench.now += 10_001
  bench.tick()
  bench.now += 10_001
  bench.tick()
  assert.deepEqual(
    bench.lines('Node').map((line) => /Name: (\w+)/.exec(line)?.[1]),
    ['a', 'b', 'd'],
  )
})

test('a text truncated anywhere is refused', () => {
  const bytes = Buffer.from(writeState(saved(cluster())))
  for (let length = 0; length < bytes.length; length++) {
    assert.ok('problem' in readState(bytes.subarray(0, length)), `cut at ${length}`)
  }
})

test('of appended changes the last of each thing counts', () => {
  const bench = cluster()
  let text = writeState(saved(bench))
  const append = (line: string): void => {
    text += writeChanges(bench.send(line).changes)
  }
  append('CONFIG / JVMRoute=d&Host=10.0.0.4&Port=81&Type=http&Balancer=third')
  append('ENABLE-APP / JVMRoute=d&Alias=localhost&Context=/d')
  append('STOP-APP / JVMRoute=a&Alias=shop.test&Context=/cart')
  for (const load of [7, 8, 9]) append(`STATUS / JVMRoute=d&Load=${load}`)
  append('REMOVE-APP /* JVMRoute=b')
  bench.now += 10_001
  text += writeChanges(bench.tick())
  bench.now += 10_001
  text += writeChanges(bench.tick())
  assert.equal(bench.contexts('b').length, 0)
  const { changes, unusedBytes } = read(text)
  assert.equal(unusedBytes, 0)
  const byText = (list: readonly Change[]): string[] =>
    list.map((one) => JSON.stringify(one)).sort()
  assert.deepEqual(byText(changes), byText(saved(bench).changes))
  const restored = new Registry({ runId: '1' })
  restored.restore(changes, 5_000)
  assert.deepEqual(restored.snapshot.contexts, bench.registry.snapshot.contexts)
})

test('changes that were appended in part are left out, and those before count', () => {
  const bench = cluster()
  const whole = writeState(saved(bench))
  const first = writeChanges(bench.send('STATUS / JVMRoute=a&Load=11').changes)
  const second = writeChanges(bench.send('STATUS / JVMRoute=a&Load=12').changes)
  const factorOf = (state: FoundState): unknown =>
    state.changes.find((change) => change.kind === 'load')?.factor
  for (let length = 0; length <= second.length; length++) {
    const state = read(whole + first + second.slice(0, length))
    assert.equal(factorOf(state), length === second.length ? 12 : 11)
    assert.equal(state.unusedBytes, length === second.length ? 0 : length)
  }
  const bytes = Buffer.from(whole + first + second)
  for (let at = Buffer.byteLength(whole + first); at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] as number) ^ 1
    assert.equal(factorOf(read(flipped)), 11, `flipped at ${at}`)
  }
})

test('a text with any flipped bit is refused', () => {
  const bytes = Buffer.from(writeState(saved(cluster())))
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
      bytes[at]! ^= bit
      assert.ok('problem' in readState(bytes), `byte ${at}, bit ${bit}`)
      bytes[at]! ^= bit
    }
  }
})

test('a text of a version with other fields is refused', () => {
  const { changes } = saved(cluster())
  const node = changes.find((change) => change.kind === 'node')
  assert.ok(node !== undefined)
  const { domain: _, ...less } = node.node
  const row = { path: '/', alias: 'x', vhost: 1, status: 'STOPPED', slot: 0, hostSlot: 0 }
  const bad: unknown[] = [
    { kind: 'node', node: less },
    { kind: 'node', node: { ...node.node, weight: 5 } },
    { kind: 'node', node: { ...node.node, port: '81' } },
    { kind: 'contexts', id: 1, contexts: [{ path: '/' }] },
    { kind: 'contexts', id: '1', contexts: [] },
    { kind: 'contexts', id: 1, contexts: [{ ...row, isUnopened: false }] },
    { kind: 'contexts', id: 1, contexts: [{ ...row, toString: 'x' }] },
    { kind: 'load', id: 1, factor: null },
    { kind: 'gone', id: '1' },
    { kind: 'balancer-gone' },
    null,
  ]
  for (const change of bad) {
    const text = writeState({ writer, changes: [change as never] })
    assert.ok('problem' in readState(Buffer.from(text)), JSON.stringify(change))
  }
})
