// The instances of a service as Consul lists them, and the nodes that follow from them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodesOfHealth } from '../../../../src/server/sources/consul-health.ts'

const check = (CheckID: string, Status: string): object => ({ CheckID, Status })

const instance = (
  Address: string,
  checks: readonly object[] = [check('serfHealth', 'passing')],
  service: object = {},
): object => ({
  Node: { Node: 'n1', Address: '10.9.9.9' },
  Service: {
    ID: `shop-${Address}`,
    Address,
    Port: 8080,
    Weights: { Passing: 4, Warning: 2 },
    ...service,
  },
  Checks: checks,
})

test('the checks of an instance and of its machine say whether it is a node', () => {
  const machine = check('serfHealth', 'passing')
  const rows: readonly (readonly [checks: readonly object[], is: string])[] = [
    [[], 'weight 4'],
    [[machine], 'weight 4'],
    [[machine, check('service:shop', 'passing')], 'weight 4'],
    [[machine, check('service:shop', 'warning')], 'weight 2'],
    [[machine, check('service:shop', 'critical')], 'nothing'],
    [[check('serfHealth', 'critical'), check('service:shop', 'passing')], 'nothing'],
    [[machine, check('_service_maintenance:shop', 'critical')], 'draining'],
    [[machine, check('_node_maintenance', 'critical')], 'draining'],
    [[check('serfHealth', 'critical'), check('_node_maintenance', 'critical')], 'nothing'],
    [[machine, check('service:shop', 'unheard of')], 'nothing'],
  ]
  for (const [checks, is] of rows) {
    const [node] = nodesOfHealth([instance('10.0.0.1', checks)], {}).nodes
    const found =
      node === undefined ? 'nothing' : node.draining ? 'draining' : `weight ${node.weight}`
    assert.equal(found, is, JSON.stringify(checks))
  }
})

test('without an address of its own an instance is at its machine', () => {
  const { nodes } = nodesOfHealth([instance(''), instance('a.test')], { scheme: 'https' })
  assert.deepEqual(
    nodes.map(({ address }) => address),
    ['10.9.9.9', 'a.test'].map((host) => ({ host, port: 8080, tls: true })),
  )
})

test('an instance without a port is left out, and the others stay', () => {
  const { nodes, problems } = nodesOfHealth(
    [
      ...[0, -1, 1.5, 65_536, 1e9, '80', null].map((Port) => instance('10.0.0.1', [], { Port })),
      instance('10.0.0.2'),
      instance('a b'),
      {},
    ],
    {},
  )
  assert.deepEqual(
    nodes.map(({ address }) => address.host),
    ['10.0.0.2'],
  )
  assert.deepEqual(problems, [
    ...Array<string>(7).fill('shop-10.0.0.1 has no address with a port'),
    'shop-a b has no address with a port',
    ' has no address with a port',
  ])
})

test('weights are within the range of a node', () => {
  const weights = [0, -1, 1, 65_535, 'x'].map((Passing) => {
    const [node] = nodesOfHealth([instance('10.0.0.1', [], { Weights: { Passing } })], {}).nodes
    return node?.weight
  })
  assert.deepEqual(weights, [1, 1, 1, 1_000, 1])
})
