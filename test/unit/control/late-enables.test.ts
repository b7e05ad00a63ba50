import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { mcmpLimits } from '../../../src/base/limits.ts'
import { LateEnables } from '../../../src/control/late-enables.ts'
import type { AppMessage } from '../../../src/wire/mcmp/message.ts'
import { RegistryBench } from '../../support/registry-bench.ts'
import { until } from '../../support/until.ts'

const java = 'ClusterListener/1.0'
let bench: RegistryBench
let applied: AppMessage[]
let late: LateEnables

const enable = (route: string, ...contexts: string[]): AppMessage => {
  return { method: 'ENABLE-APP', wildcard: false, route, aliases: ['x', 'y'], contexts }
}

beforeEach(() => {
  bench = new RegistryBench()
  bench.ok('CONFIG / JVMRoute=a&Host=10.0.0.1&Port=81&Type=http')
  bench.ok('CONFIG / JVMRoute=b&Host=10.0.0.2&Port=81&Type=http')
  bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/shop')
  applied = []
  const apply = async (message: AppMessage): Promise<void> => void applied.push(message)
  late = new LateEnables(() => bench.registry.snapshot, apply)
})

test('an application that others serve is enabled after the reply, which says what was enabled', async () => {
  const message = enable('b', '/shop')
  const reply = late.take(message, java)
  assert.ok(reply?.ok)
  assert.match(reply.body, /^Type=ENABLE-APP-RSP\nJvmRoute=b\nAlias=x Contexts=\/shop\n/)
  assert.deepEqual(applied, [])
  await until('it is in force', () => applied.length > 0)
  assert.deepEqual(applied, [message])
})

test('an application that nobody else serves is not for later', () => {
  assert.equal(late.take(enable('b', '/news'), java), undefined)
  assert.equal(late.take(enable('b', '/shop', '/news'), java), undefined)
  bench.ok('DISABLE-APP / JVMRoute=a&Alias=x&Context=/shop')
  assert.equal(late.take(enable('b', '/shop'), java), undefined)
})

test('other clients, other messages and nodes that are not there are not for later', () => {
  assert.equal(late.take(enable('b', '/shop'), 'topspin'), undefined)
  assert.equal(late.take(enable('c', '/shop'), java), undefined)
  assert.equal(late.take({ ...enable('b', '/shop'), method: 'STOP-APP' }, java), undefined)
  assert.equal(late.take({ ...enable('b', '/shop'), wildcard: true }, java), undefined)
})

test('what waits is in force before the message that follows, in its order, and once', async () => {
  bench.ok('ENABLE-APP / JVMRoute=a&Alias=x&Context=/news')
  const messages = [enable('b', '/shop'), enable('b', '/news')]
  for (const message of messages) assert.ok(late.take(message, java)?.ok)
  await Promise.all([late.flush(), late.flush()])
  assert.deepEqual(applied, messages)
  await late.flush()
  assert.deepEqual(applied, messages)
})

test('no more than a limit wait', () => {
  for (let i = 0; i < mcmpLimits.enablesWaitingMax; i++) {
    assert.ok(late.take(enable('b', '/shop'), java)?.ok)
  }
  assert.equal(late.take(enable('b', '/shop'), java), undefined)
})
