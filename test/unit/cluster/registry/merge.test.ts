import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { Registry } from '../../../../src/cluster/registry.ts'
import { nodeRecordOf, readNodeRecord } from '../../../../src/cluster/shared/node-record.ts'
import { readBalancer, readOrders } from '../../../../src/cluster/shared/other-records.ts'
import { bodyOf } from '../../../../src/cluster/shared/touched.ts'
import { findNode } from '../../../../src/cluster/snapshot.ts'
import type { AppMethod, Message } from '../../../../src/wire/mcmp/message.ts'

const facts = {
  now: 0,
  from: '10.0.0.7',
  answers: new Map<string, boolean>(),
  live: () => new LiveTable().of(0),
}

const config = (route: string, port: number): Message => ({
  method: 'CONFIG',
  route,
  host: '10.0.0.7',
  port,
  type: 'http',
  balancer: 'shop',
  stickySessionCookie: 'SID',
  aliases: [],
  contexts: [],
})

const app = (route: string, method: AppMethod, contexts: string[], wildcard = false): Message => ({
  method,
  wildcard,
  route,
  aliases: wildcard ? [] : ['shop.test', 'www.shop.test'],
  contexts,
  sender: 'node',
})

function withNode(): Registry {
  const registry = new Registry({ runId: '1' })
  registry.apply(config('a', 8001), facts)
  registry.apply(app('a', 'ENABLE-APP', ['/shop', '/cart']), facts)
  registry.apply(app('a', 'STOP-APP', ['/cart']), facts)
  return registry
}

const textOf = (registry: Registry, route: string): string =>
  bodyOf(registry.snapshot, { kind: 'node', name: route }) ?? ''

function copy(from: Registry, to: Registry, route: string): void {
  const read = readNodeRecord(route, JSON.parse(textOf(from, route)))
  assert.ok('record' in read, JSON.stringify(read))
  to.mergeNode(route, read.record, 0)
}

test('a proposal changes nothing until it is committed, and only upon the state that it was made from', () => {
  const registry = withNode()
  const before = registry.snapshot
  const first = registry.propose(app('a', 'DISABLE-APP', ['/shop']), facts)
  const second = registry.propose(app('a', 'STOP-APP', ['/shop']), facts)
  assert.equal(registry.snapshot, before)
  registry.commit(first, 0)
  assert.equal(registry.snapshot, first.snapshot)
  assert.throws(() => registry.commit(second, 0), /out of date/)
})

test('the record of a node makes an equal node in another registry, with ids and rows of its own', () => {
  const first = withNode()
  const second = new Registry({ runId: '2' })
  second.apply(config('z', 9000), facts)
  second.apply(app('z', 'ENABLE-APP', ['/other']), facts)
  copy(first, second, 'a')
  assert.equal(textOf(second, 'a'), textOf(first, 'a'))
  assert.notEqual(findNode(second.snapshot, 'a')?.id, findNode(first.snapshot, 'a')?.id)
  const slots = [...second.snapshot.contexts.values()].flat().map(({ slot }) => slot)
  assert.equal(new Set(slots).size, slots.length)
})

test('a record that is the same again changes nothing', () => {
  const first = withNode()
  const second = new Registry({ runId: '2' })
  copy(first, second, 'a')
  const { snapshot } = second
  copy(first, second, 'a')
  assert.equal(second.snapshot, snapshot)
})

test('a node that is removed elsewhere is marked here, and comes back with its next record', () => {
  const first = withNode()
  const second = new Registry({ runId: '2' })
  copy(first, second, 'a')
  first.apply(app('a', 'REMOVE-APP', [], true), facts)
  copy(first, second, 'a')
  assert.equal(findNode(second.snapshot, 'a')?.removal, 'marked')
  first.apply(config('a', 8001), facts)
  first.apply(app('a', 'ENABLE-APP', ['/shop']), facts)
  copy(first, second, 'a')
  assert.equal(textOf(second, 'a'), textOf(first, 'a'))
})

test('a fixed node of this proxy gives way to no record', () => {
  const first = withNode()
  const second = new Registry({ runId: '2' })
  second.addFixed([{ route: 'a', host: '10.0.0.9', port: 80 }])
  const { snapshot } = second
  copy(first, second, 'a')
  assert.equal(second.snapshot, snapshot)
  assert.equal(bodyOf(second.snapshot, { kind: 'node', name: 'a' }), undefined)
})

test('settings of balancers and orders of operators are shared, and orders hold for nodes that come later', () => {
  const first = withNode()
  first.apply({ ...app('a', 'DISABLE-APP', [], true), sender: 'operator' } as Message, facts)
  const second = new Registry({ runId: '2' })
  const orders = readOrders(
    'a',
    JSON.parse(bodyOf(first.snapshot, { kind: 'orders', name: 'a' }) ?? ''),
  )
  assert.ok('record' in orders)
  second.mergeOrders(orders.record, 0)
  const balancer = readBalancer(
    'shop',
    JSON.parse(bodyOf(first.snapshot, { kind: 'balancer', name: 'shop' }) ?? ''),
  )
  assert.ok('record' in balancer)
  second.mergeBalancer(balancer.record, 0)
  copy(first, second, 'a')
  assert.equal(second.snapshot.balancers.get('shop')?.cookie, 'SID')
  const id = findNode(second.snapshot, 'a')?.id ?? 0
  const statuses = second.snapshot.contexts.get(id)?.map(({ path, status }) => `${path} ${status}`)
  assert.ok(statuses?.includes('/shop DISABLED') && statuses.includes('/cart STOPPED'))
  assert.equal(textOf(second, 'a'), textOf(first, 'a'))
})

test('records that break the rules of messages are refused with the reason', () => {
  const good = JSON.parse(textOf(withNode(), 'a'))
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [{ ...good, node: { ...good.node, host: 'a b' } }, /host/],
    [{ ...good, node: { ...good.node, port: 70_000 } }, /port/],
    [{ ...good, node: { ...good.node, domain: 'd'.repeat(30) } }, /domain/],
    [{ ...good, node: { ...good.node, route: 'b' } }, /route/],
    [{ ...good, contexts: [['/x', 'h', 0, 'ENABLED']] }, /context/],
    [{ ...good, contexts: [['/<x>', 'h', 1, 'ENABLED']] }, /context/],
    [{ ...good, contexts: [['/x', 'h', 1, 'OPEN']] }, /context/],
    [{ ...good, removal: 'gone' }, /removal/],
    [{ ...good, node: undefined }, /settings/],
    [[], /not a node/],
    [null, /not a node/],
  ]
  for (const [record, reason] of bad) {
    const read = readNodeRecord('a', record)
    assert.ok('problem' in read && reason.test(read.problem), `${JSON.stringify(read)} ${reason}`)
  }
  const read = readNodeRecord('a', good)
  assert.ok('record' in read)
  assert.deepEqual(nodeRecordOf(read.text), read.record)
})

test('a node that registers with the settings of its balancer, as another proxy has shared them, changes none', () => {
  const registry = new Registry({ runId: '2' })
  const shared = bodyOf(withNode().snapshot, { kind: 'balancer', name: 'shop' }) ?? ''
  const read = readBalancer('shop', JSON.parse(shared))
  assert.ok('record' in read)
  assert.equal(registry.mergeBalancer(read.record, 0).changes.length, 1)
  copy(withNode(), registry, 'a')
  const { changes, warnings } = registry.apply(config('b', 8002), facts)
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['node'],
  )
  assert.deepEqual(warnings, [])
})
