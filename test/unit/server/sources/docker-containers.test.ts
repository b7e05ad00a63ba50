// Containers as Docker lists them, and the nodes that follow from them and their labels.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodesOfContainers } from '../../../../src/server/sources/docker-containers.ts'

interface Given {
  readonly id?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly networks?: Readonly<Record<string, object>>
  readonly ports?: readonly object[]
  readonly state?: string
  readonly status?: string
}

const container = (given: Given = {}): object => ({
  Id: given.id ?? 'c1',
  Names: ['/shop-1'],
  State: given.state ?? 'running',
  Status: given.status ?? 'Up 2 minutes',
  Labels: { topspin: 'shop', ...given.labels },
  Ports: given.ports ?? [{ PrivatePort: 8080, Type: 'tcp' }],
  NetworkSettings: { Networks: given.networks ?? { shop: { IPAddress: '172.18.0.2' } } },
})

const found = (given: Given, wanted: object = {}): object | string => {
  const { nodes, problems } = nodesOfContainers([container(given)], wanted, new Set())
  const [node] = nodes
  if (node === undefined) return problems[0] ?? 'nothing'
  const { draining, ...rest } = node
  assert.equal(draining, false)
  return rest
}

const plain = { address: { host: '172.18.0.2', port: 8080 } }

test('a running container is a node, unless its own check has not succeeded', () => {
  assert.deepEqual(found({}), plain)
  assert.deepEqual(found({ status: 'Up 2 minutes (healthy)' }), plain)
  for (const given of [
    { status: 'Up 2 minutes (unhealthy)' },
    { status: 'Up 1 second (health: starting)' },
    { state: 'paused', status: 'Up 2 minutes (Paused)' },
    { state: 'exited' },
  ])
    assert.equal(found(given), 'nothing', JSON.stringify(given))
})

test('a container that has been told to stop is drained', () => {
  const both = [
    container({ id: 'a' }),
    container({ id: 'b', networks: { shop: { IPAddress: '172.18.0.3' } } }),
  ]
  const { nodes } = nodesOfContainers(both, {}, new Set(['b', 'c']))
  assert.deepEqual(
    nodes.map(({ draining }) => draining),
    [false, true],
  )
})

test('labels are keys of an entry, and say where the container is', () => {
  const labels = {
    'topspin.port': '9000',
    'topspin.scheme': 'h2',
    'topspin.route': 'shop-1',
    'topspin.contexts': '/shop,/api',
    'topspin.weight': '3',
    'topspin.backup': 'true',
    'topspin.maxConnections': '50',
    other: 'x',
  }
  assert.deepEqual(found({ labels }, { port: 1, scheme: 'http' }), {
    address: { host: '172.18.0.2', port: 9000, tls: true, http2: true },
    route: 'shop-1',
    contexts: ['/shop', '/api'],
    weight: 3,
    backup: true,
    maxConnections: 50,
  })
})

test('a port and a network are needed where there are several', () => {
  const ports = [
    { PrivatePort: 8080, Type: 'tcp', PublicPort: 80, IP: '0.0.0.0' },
    { PrivatePort: 8080, Type: 'tcp', PublicPort: 80, IP: '::' },
    { PrivatePort: 53, Type: 'udp' },
  ]
  assert.deepEqual(found({ ports }), plain, 'one port for two addresses of the machine')
  const networks = { shop: { IPAddress: '172.18.0.2' }, back: { IPAddress: '172.19.0.2' } }
  assert.deepEqual(found({ networks }, { network: 'shop' }), plain)
  assert.deepEqual(
    found({ networks, labels: { 'topspin.network': 'shop' } }, { network: 'x' }),
    plain,
  )
  const two = [...ports, { PrivatePort: 9000, Type: 'tcp' }]
  assert.deepEqual(found({ ports: two }, { port: 8080 }), plain)
  for (const [given, problem] of [
    [{ ports: two }, /exposes the ports 8080, 9000; write one of them in `port`/],
    [{ ports: [] }, /exposes no port/],
    [{ networks }, /is in the networks shop, back; write one of them in `network`/],
    [{ networks: {} }, /is in the networks \(none\)/],
    [{ networks: { shop: { IPAddress: '' } } }, /has no address in the network shop/],
    [{ labels: { 'topspin.port': '0' } }, /topspin\.port: 0 is not a port/],
    [{ labels: { 'topspin.scheme': 'ftp' } }, /topspin\.scheme: ftp is none of http/],
    [{ labels: { 'topspin.weight': 'much' } }, /topspin\.weight: "much" is not a whole number/],
    [{ labels: { 'topspin.wieght': '1' } }, /shop-1: topspin.*wieght/],
    [{ labels: { 'topspin.address': '10.0.0.1:80' } }, /topspin\.address/],
  ] as const)
    assert.match(String(found(given)), problem, JSON.stringify(given))
})

test('a container in the network of its host, and one with IPv6 alone', () => {
  const host = { host: { IPAddress: '' } }
  assert.deepEqual(found({ networks: host }), { address: { host: '127.0.0.1', port: 8080 } })
  const six = { shop: { IPAddress: '', GlobalIPv6Address: 'fd00::2' } }
  assert.deepEqual(found({ networks: six }), { address: { host: 'fd00::2', port: 8080 } })
})

test('a container that cannot be used does not keep the others out', () => {
  const bad = container({ labels: { 'topspin.port': 'x' } })
  const { nodes, problems } = nodesOfContainers([bad, container(), 7], {}, new Set())
  assert.equal(nodes.length, 1)
  assert.deepEqual(problems, [
    'container shop-1: topspin.port: x is not a port',
    'container ?: has no state',
  ])
})
