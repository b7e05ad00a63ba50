import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { mcmpLimits } from '../../../src/base/limits.ts'
import { DeferredEnables } from '../../../src/control/deferred-enables.ts'
import type { AppMessage } from '../../../src/wire/mcmp/message.ts'
import { RegistryBench } from '../../support/registry-bench.ts'
import { until } from '../../support/until.ts'

let bench: RegistryBench
let applied: AppMessage[]
let deferred: DeferredEnables

const enable = (route: string, ...contexts: string[]): AppMessage => {
  const aliases = ['x', 'y']
  return { method: 'ENABLE-APP', wildcard: false, route, aliases, contexts, fromJavaNode: true }
}

beforeEach(() => {
  bench = new RegistryBench()
  bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=81&Type=http')
  bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Port=81&Type=http')
  bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/shop')
  applied = []
  const apply = async (message: AppMessage): Promise<void> => void applied.push(message)
  deferred = new DeferredEnables(() => bench.registry.snapshot, apply)
})

test('an application that other nodes serve is enabled after the reply, which lists the contexts', async () => {
  const message = enable('b', '/shop')
  const reply = deferred.defer(message)
  assert.ok(reply?.ok)
  assert.match(reply.body, /^Type=ENABLE-APP-RSP\nJvmRoute=b\nAlias=x Contexts=\/shop\n/)
  assert.deepEqual(applied, [])
  await until('the message is applied', () => applied.length > 0)
  assert.deepEqual(applied, [message])
})

test('an application that no other node serves is not deferred', () => {
  assert.equal(deferred.defer(enable('b', '/news')), undefined)
  assert.equal(deferred.defer(enable('b', '/shop', '/news')), undefined)
  bench.ok('DISABLE-APP / JVMRoute=a&Alias=x&Context=/shop')
  assert.equal(deferred.defer(enable('b', '/shop')), undefined)
})

test('other clients, other messages and unknown nodes are not deferred', () => {
  const { fromJavaNode, ...fromOther } = enable('b', '/shop')
  assert.equal(deferred.defer(fromOther), undefined)
  assert.equal(deferred.defer(enable('c', '/shop')), undefined)
  assert.equal(deferred.defer({ ...enable('b', '/shop'), method: 'STOP-APP' }), undefined)
  assert.equal(deferred.defer({ ...enable('b', '/shop'), wildcard: true }), undefined)
})

test('a flush applies deferred messages once and in their order', async () => {
  bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/news')
  const messages = [enable('b', '/shop'), enable('b', '/news')]
  for (const message of messages) assert.ok(deferred.defer(message)?.ok)
  await Promise.all([deferred.flush(), deferred.flush()])
  assert.deepEqual(applied, messages)
  await deferred.flush()
  assert.deepEqual(applied, messages)
})

test('the number of deferred messages is limited', () => {
  for (let i = 0; i < mcmpLimits.enablesWaitingMax; i++) {
    assert.ok(deferred.defer(enable('b', '/shop'))?.ok)
  }
  assert.equal(deferred.defer(enable('b', '/shop')), undefined)
})
