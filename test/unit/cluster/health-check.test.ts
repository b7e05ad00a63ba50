import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOf, defaultCheck } from '../../../src/cluster/health-check.ts'
import type { HealthRule } from '../../../src/cluster/health-rule.ts'
import { nodeOf } from '../../support/cluster-fixture.ts'

const node = nodeOf(1, { route: 'a', balancer: 'shop', host: '10.0.0.1', port: 80, type: 'http' })

test('a node is probed by a connection, and by CPING when it speaks AJP', () => {
  assert.deepEqual(checkOf([], node), defaultCheck)
  assert.equal(checkOf([], { ...node, type: 'https' }).probe, 'tcp')
  assert.equal(checkOf([], { ...node, type: 'ajp' }).probe, 'cping')
})

test('an AJP port is not asked by HTTP', () => {
  const kinds = (type: string) =>
    (['auto', 'none', 'tcp', 'http'] as const).map(
      (probe) => checkOf([{ probe }], { ...node, type }).probe,
    )
  assert.deepEqual(kinds('ajp'), ['cping', 'none', 'tcp', 'cping'])
  assert.deepEqual(kinds('http'), ['tcp', 'none', 'tcp', 'http'])
})

test('the rule of the node comes before that of its balancer, and that before the one for all', () => {
  const all: HealthRule = { probe: 'http', fall: 9 }
  const balancer: HealthRule = { balancer: 'shop', probe: 'none' }
  const route: HealthRule = { node: 'a', probe: 'tcp', rise: 2 }
  assert.equal(checkOf([all], node).fall, 9)
  assert.equal(checkOf([all, balancer], node).probe, 'none')
  assert.deepEqual(checkOf([all, balancer, route], node), { ...defaultCheck, rise: 2 })
  assert.equal(checkOf([balancer, all], { ...node, balancer: 'other' }).probe, 'http')
})

test('probes among many nodes wait for their turn unless their interval is chosen, or the application is asked', () => {
  const mayWait = (rule: HealthRule): boolean => checkOf([rule], node).mayWait
  assert.equal(mayWait({ probe: 'auto' }), true)
  assert.equal(mayWait({ probe: 'tcp', fall: 2 }), true)
  assert.equal(mayWait({ probe: 'auto', interval: 5_000 }), false)
  assert.equal(mayWait({ probe: 'http' }), false)
})

test('a node is named by its route or by its address', () => {
  const rule: HealthRule = { node: '10.0.0.1:80', probe: 'none' }
  assert.equal(checkOf([rule], node).probe, 'none')
  assert.equal(checkOf([rule], { ...node, port: 81 }).probe, 'tcp')
})
