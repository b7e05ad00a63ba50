// EndpointSlices of Kubernetes, and the nodes that follow from them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type EndpointSlice,
  nodesOfSlices,
  readSlice,
} from '../../../../src/server/sources/endpoint-slices.ts'

interface Given {
  readonly name?: string
  readonly addressType?: string
  readonly ports?: readonly object[] | null
  readonly endpoints?: readonly object[] | null
}

const http = { name: 'http', port: 8080, protocol: 'TCP' }

const slice = ({ name = 'shop-1', addressType = 'IPv4', ...parts }: Given): EndpointSlice =>
  readSlice({
    metadata: { name, resourceVersion: '7' },
    addressType,
    ports: [http],
    endpoints: [],
    ...parts,
  }) ?? assert.fail('not read')

const endpoint = (address: string, conditions?: object): object => ({
  addresses: [address],
  ...(conditions === undefined ? {} : { conditions }),
})

const wanted = { family: 'any' } as const

const texts = (slices: readonly EndpointSlice[], more: object = {}): readonly string[] =>
  nodesOfSlices(slices, { ...wanted, ...more }).nodes.map(({ address, draining }) =>
    `${address.http2 ? 'h2' : ''}${address.tls ? 's' : ''} ${address.host} ${address.port}${draining ? ' draining' : ''}`.trim(),
  )

test('the conditions of an endpoint say whether it is a node, is drained, or is left out', () => {
  const rows: readonly (readonly [conditions: object | undefined, is: string])[] = [
    [undefined, 'node'],
    [{}, 'node'],
    [{ ready: null }, 'node'],
    [{ ready: true, serving: true, terminating: false }, 'node'],
    [{ ready: false }, 'nothing'],
    [{ ready: false, serving: false, terminating: false }, 'nothing'],
    [{ ready: false, serving: true, terminating: false }, 'nothing'],
    [{ ready: false, serving: true, terminating: true }, 'draining'],
    [{ ready: false, serving: false, terminating: true }, 'nothing'],
    // Of a service with publishNotReadyAddresses.
    [{ ready: true, serving: true, terminating: true }, 'draining'],
    [{ ready: true, serving: false, terminating: true }, 'nothing'],
  ]
  for (const [conditions, is] of rows) {
    const { nodes } = nodesOfSlices(
      [slice({ endpoints: [endpoint('10.0.0.1', conditions)] })],
      wanted,
    )
    const [node] = nodes
    const found = node === undefined ? 'nothing' : node.draining ? 'draining' : 'node'
    assert.equal(found, is, JSON.stringify(conditions))
  }
})

test('an endpoint in two slices is one node, and it is not drained because one of them says so', () => {
  const leaving = { ready: false, serving: true, terminating: true }
  const slices = [
    slice({ name: 'a', endpoints: [endpoint('10.0.0.2', leaving), endpoint('10.0.0.1')] }),
    slice({ name: 'b', endpoints: [endpoint('10.0.0.2'), endpoint('10.0.0.3', leaving)] }),
  ]
  const all = ['10.0.0.1 8080', '10.0.0.2 8080', '10.0.0.3 8080 draining']
  assert.deepEqual(texts(slices), all)
  assert.deepEqual(texts(slices.toReversed()), all)
})

test('a port is found by its name or number, and the only one needs none', () => {
  const admin = { name: 'admin', port: 9000 }
  const endpoints = [endpoint('10.0.0.1')]
  const two = [slice({ ports: [http, admin], endpoints })]
  assert.deepEqual(texts(two, { port: 'admin' }), ['10.0.0.1 9000'])
  assert.deepEqual(texts(two, { port: '8080' }), ['10.0.0.1 8080'])
  for (const [given, port, problem] of [
    [two, undefined, 'has the ports http, admin; write one of them in `port`'],
    [two, 'grpc', 'has no port grpc, but http, admin'],
    [[slice({ ports: null, endpoints })], undefined, 'has no port; write one in `port`'],
  ] as const)
    assert.deepEqual(nodesOfSlices(given, { ...wanted, port }), {
      nodes: [],
      problems: [`EndpointSlice shop-1: ${problem}`],
    })
  assert.deepEqual(texts([slice({ ports: [], endpoints })], { port: '81' }), ['10.0.0.1 81'])
})

test('a slice without endpoints is an empty list, not a problem', () => {
  for (const endpoints of [[], null])
    assert.deepEqual(nodesOfSlices([slice({ endpoints, ports: [] })], wanted), {
      nodes: [],
      problems: [],
    })
})

test('the protocol of the application means a scheme, unless one is configured', () => {
  const at = (appProtocol: string): EndpointSlice[] => [
    slice({ ports: [{ ...http, appProtocol }], endpoints: [endpoint('10.0.0.1')] }),
  ]
  assert.deepEqual(texts(at('https')), ['s 10.0.0.1 8080'])
  assert.deepEqual(texts(at('kubernetes.io/h2c')), ['h2 10.0.0.1 8080'])
  assert.deepEqual(texts(at('example.com/own')), ['10.0.0.1 8080'])
  assert.deepEqual(texts(at('https'), { scheme: 'http' }), ['10.0.0.1 8080'])
  assert.deepEqual(texts(at(''), { scheme: 'h2' }), ['h2s 10.0.0.1 8080'])
})

test('of a service with two address families, IPv4 is used unless IPv6 is asked for', () => {
  const four = slice({ name: 'four', endpoints: [endpoint('10.0.0.1')] })
  const six = slice({ name: 'six', addressType: 'IPv6', endpoints: [endpoint('fd00::1')] })
  assert.deepEqual(texts([six, four]), ['10.0.0.1 8080'])
  assert.deepEqual(texts([six, four], { family: 6 }), ['fd00::1 8080'])
  assert.deepEqual(texts([six, slice({ name: 'four' })]), ['fd00::1 8080'])
  assert.deepEqual(texts([six], { family: 4 }), [])
})

test('an address that is none is left out, and the others stay', () => {
  const endpoints = [endpoint('10.0.0.999'), endpoint('10.0.0.1'), { addresses: [] }, {}]
  assert.deepEqual(nodesOfSlices([slice({ endpoints })], wanted), {
    nodes: [{ address: { host: '10.0.0.1', port: 8080 }, draining: false }],
    problems: [
      'EndpointSlice shop-1: "10.0.0.999" is not an address',
      'EndpointSlice shop-1: an endpoint has no address',
      'EndpointSlice shop-1: an endpoint has no address',
    ],
  })
  const named = slice({ addressType: 'FQDN', endpoints: [endpoint('a.test')] })
  assert.deepEqual(texts([named]), ['a.test 8080'])
})

test('anything but a slice is not read', () => {
  for (const value of [undefined, null, 1, 'x', [], {}, { metadata: { name: 'a' } }])
    assert.equal(readSlice(value), undefined)
  for (const wrong of ['x', 1, {}, true]) {
    assert.equal(readSlice({ ...slice({}), metadata: { name: 'a' }, endpoints: wrong }), undefined)
    assert.equal(readSlice({ ...slice({}), metadata: { name: 'a' }, ports: wrong }), undefined)
  }
})

test('ports of other protocols, and numbers that are no ports, do not count', () => {
  const endpoints = [endpoint('10.0.0.1')]
  const udp = { name: 'http3', port: 8443, protocol: 'UDP' }
  assert.deepEqual(texts([slice({ ports: [udp, http], endpoints })]), ['10.0.0.1 8080'])
  for (const port of [0, 65_536, 80.5]) {
    const { nodes, problems } = nodesOfSlices([slice({ ports: [{ port }], endpoints })], wanted)
    assert.deepEqual([nodes, problems.length], [[], 1], String(port))
  }
  assert.deepEqual(texts([slice({ ports: [], endpoints })], { port: '99999' }), [])
})
