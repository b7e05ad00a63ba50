import assert from 'node:assert/strict'
import { test } from 'node:test'
import protobuf from 'protobufjs/light.js'
import type { Balancer } from '../../../../src/cluster/balancer.ts'
import type { Node } from '../../../../src/cluster/node.ts'
import type { ServedApplication, ServedNode } from '../../../../src/cluster/served.ts'
import { codecOf } from '../../../../src/server/engines/xds/messages.ts'
import {
  type ResourceSet,
  resourceSet,
  routesName,
} from '../../../../src/server/engines/xds/resources.ts'
import { balancerOf, nodeOf } from '../../../support/cluster-fixture.ts'

const codec = codecOf(protobuf)
const options = { listeners: [], connectMs: 1_500 }

const member = (
  id: number,
  given: Partial<ServedNode> = {},
  node: Partial<Node> = {},
): ServedNode => ({
  node: nodeOf(id, { host: '10.0.0.1', port: 8000 + id, ...node }),
  state: 'on',
  weight: 50,
  isStandby: false,
  ...given,
})

const application = (
  path: string,
  nodes: readonly ServedNode[],
  alias: string = '*',
  balancer: Partial<Balancer> = {},
): ServedApplication => ({ balancer: balancerOf(balancer), path, alias, nodes })

const setOf = (...applications: readonly ServedApplication[]): ResourceSet =>
  resourceSet(1, applications, codec, options)

/** As plain values: what Envoy will read. */
function read(name: string, bytes: Uint8Array | undefined): Record<string, unknown> {
  assert.ok(bytes !== undefined)
  return JSON.parse(JSON.stringify(codec.decode(name, bytes))) as Record<string, unknown>
}

interface Assignment {
  readonly endpoints: readonly {
    readonly priority?: number
    readonly locality: { readonly zone?: string }
    /** As base64. */
    readonly lbEndpoints: readonly string[]
  }[]
}

interface Endpoint {
  readonly endpoint: { address: { socketAddress: { address: string; portValue: number } } }
  readonly metadata: {
    filterMetadata: { 'envoy.lb': { fields: Record<string, { stringValue: string }> } }
  }
  readonly loadBalancingWeight: { value: number }
}

/** `priority zone: route state weight address` for each endpoint. */
function endpoints(nodes: readonly ServedNode[]): string[] {
  const set = setOf(application('', nodes))
  const bytes = set.resources.endpoints.get('mycluster|/')
  const { endpoints: groups } = read('ClusterLoadAssignment', bytes) as unknown as Assignment
  return (groups ?? []).flatMap(({ priority = 0, locality, lbEndpoints }) =>
    lbEndpoints.map((base64) => {
      const found = read('LbEndpoint', Buffer.from(base64, 'base64')) as unknown as Endpoint
      const { endpoint, metadata, loadBalancingWeight } = found
      const { route, state } = metadata.filterMetadata['envoy.lb'].fields
      const { address, portValue } = endpoint.address.socketAddress
      return `${priority} ${locality.zone ?? ''}: ${route?.stringValue} ${state?.stringValue} ${loadBalancingWeight.value} ${address}:${portValue}`
    }),
  )
}

const rows: readonly (readonly [
  what: string,
  nodes: readonly ServedNode[],
  result: readonly string[],
])[] = [
  [
    'a node is an endpoint with its weight',
    [member(1, { weight: 73 })],
    ['0 : n1 on 73 10.0.0.1:8001'],
  ],
  [
    'a node that keeps sessions is off',
    [member(1, { state: 'off' })],
    ['0 : n1 off 50 10.0.0.1:8001'],
  ],
  [
    'a standby has the second priority',
    [member(1, { isStandby: true, weight: 1 }), member(2)],
    ['1 : n1 on 1 10.0.0.1:8001', '0 : n2 on 50 10.0.0.1:8002'],
  ],
  [
    'standbys alone have the first',
    [member(1, { isStandby: true })],
    ['0 : n1 on 50 10.0.0.1:8001'],
  ],
  [
    'a domain is a locality',
    [member(1, {}, { domain: 'east' })],
    ['0 east: n1 on 50 10.0.0.1:8001'],
  ],
  [
    'localhost is 127.0.0.1',
    [member(1, {}, { host: 'localhost' })],
    ['0 : n1 on 50 127.0.0.1:8001'],
  ],
  ['no node is an empty list', [], []],
]

for (const [what, nodes, result] of rows)
  test(`${what}, for Envoy`, () => assert.deepEqual(endpoints(nodes), result))

for (const [what, node, problem] of [
  [
    'a host name',
    { host: 'app.test' },
    'node n2: its address app.test is a name; Envoy gets addresses',
  ],
  ['TLS', { type: 'https' }, 'node n2: Envoy is not given nodes of type https'],
  [
    'another protocol',
    { type: 'h2c' },
    'node n2: another node of its context has another type than h2c',
  ],
] as const)
  test(`a node with ${what} is told and does not stop the others`, () => {
    const nodes = [member(1), member(2, {}, node), member(3)]
    assert.deepEqual(setOf(application('', nodes)).problems, [problem])
    assert.deepEqual(endpoints(nodes).length, 2)
  })

interface Cluster {
  readonly lbSubsetConfig: {
    readonly subsetSelectors?: readonly { readonly fallbackPolicy: number }[]
  }
  readonly typedExtensionProtocolOptions?: object
}

const clusterOf = (given: ServedApplication): Cluster =>
  read('Cluster', setOf(given).resources.clusters.get('mycluster|/')) as unknown as Cluster

test('sessions have a subset of their node, which is a must with StickySessionForce', () => {
  const policies = (balancer: Partial<Balancer>): number[] =>
    (clusterOf(application('', [], '*', balancer)).lbSubsetConfig.subsetSelectors ?? []).map(
      ({ fallbackPolicy }) => fallbackPolicy,
    )
  assert.deepEqual(policies({ stickyForce: false }), [3], 'DEFAULT_SUBSET')
  assert.deepEqual(policies({ stickyForce: true }), [1], 'NO_FALLBACK')
  assert.deepEqual(policies({ sticky: false }), [])
})

test('nodes that speak HTTP/2 alone make a cluster of HTTP/2', () => {
  const http2 = clusterOf(application('', [member(1, {}, { type: 'h2c' })]))
  assert.notEqual(http2.typedExtensionProtocolOptions, undefined)
  assert.equal(clusterOf(application('', [member(1)])).typedExtensionProtocolOptions, undefined)
})

interface Routes {
  readonly virtualHosts?: readonly {
    readonly domains: readonly string[]
    readonly routes: readonly {
      readonly match: { readonly prefix?: string; readonly pathSeparatedPrefix?: string }
      readonly route: { readonly cluster: string }
    }[]
  }[]
  readonly responseHeadersToRemove: readonly string[]
}

/** `domain path -> cluster` for each route, in order. */
function routes(set: ResourceSet): string[] {
  const bytes = set.resources.routes.get(routesName)
  const { virtualHosts = [] } = read('RouteConfiguration', bytes) as unknown as Routes
  return virtualHosts.flatMap(({ domains, routes: all }) =>
    all.map(
      ({ match, route }) =>
        `${domains.join()} ${match.prefix ?? match.pathSeparatedPrefix} -> ${route.cluster}`,
    ),
  )
}

test('the longest path is the first route, and the root is a plain prefix', () => {
  const set = setOf(application('', []), application('/a/b', []), application('/a', []))
  assert.deepEqual(routes(set), [
    '* /a/b -> mycluster|/a/b/',
    '* /a -> mycluster|/a/',
    '* / -> mycluster|/',
  ])
})

test('an alias is a virtual host with clusters of its own', () => {
  const set = setOf(application('', [], 'a.test'), application('', [], '*.b.test'))
  assert.deepEqual(routes(set), [
    'a.test / -> mycluster|/|a.test',
    '*.b.test / -> mycluster|/|*.b.test',
  ])
})

test('of two balancers with one context the first has the route, and the other is told', () => {
  const set = setOf(application('/a', []), application('/a', [], '*', { name: 'other' }))
  assert.deepEqual(routes(set), ['* /a -> mycluster|/a/'])
  assert.deepEqual(set.problems, ['context /a/: two balancers have it'])
})

test('a path that Envoy would refuse is told and does not stop the others', () => {
  const set = setOf(application('/a?b', []), application('/c', []))
  assert.deepEqual(routes(set), ['* /c -> mycluster|/c/'])
  assert.deepEqual(set.problems, ['context /a?b: Envoy has no routes for such paths'])
})

test('what has not changed is the same object as before', () => {
  const before = setOf(application('/a', [member(1)]), application('/b', [member(2)]))
  const now = resourceSet(
    2,
    [application('/a', [member(1)]), application('/b', [member(2, { weight: 9 })])],
    codec,
    options,
    before,
  )
  const isSame = (kind: 'clusters' | 'endpoints' | 'routes', name: string): boolean =>
    now.resources[kind].get(name) === before.resources[kind].get(name)
  assert.ok(isSame('clusters', 'mycluster|/a/'))
  assert.ok(isSame('endpoints', 'mycluster|/a/'))
  assert.ok(isSame('routes', routesName))
  assert.ok(!isSame('endpoints', 'mycluster|/b/'))
})

test('each address of the configuration is a listener', () => {
  const listeners = [
    { host: '0.0.0.0', port: 80 },
    { host: '::1', port: 8080 },
  ]
  const { resources } = resourceSet(1, [], codec, { ...options, listeners })
  assert.deepEqual([...resources.listeners.keys()], ['topspin-0.0.0.0-80', 'topspin-::1-8080'])
})

test('a field that a message does not have is an error, at any depth', () => {
  assert.throws(
    () => codec.encode('Value', { string_value: 'x' }),
    /Value has no field string_value/,
  )
  const message = { fields: { state: { string_value: 'on' } } }
  assert.throws(() => codec.encode('Struct', message), /Value has no field string_value/)
  assert.throws(() => codec.encode('Address', { toString: 1 }), /no field toString/)
})
