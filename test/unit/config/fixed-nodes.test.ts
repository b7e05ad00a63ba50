// Entries of `to`: how they are read, which are refused, and the nodes that follow from them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { fixedNodesOf, placedIn } from '../../../src/config/fixed-nodes.ts'
import type { Config } from '../../../src/config/schema.ts'

function load(text: string, environment: Record<string, string> = {}): Config | string {
  const result = readConfig({ file: { name: '/etc/topspin.yaml', text }, environment, flags: [] })
  if (result.ok) return result.config
  return result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
}

function configOf(text: string, environment: Record<string, string> = {}): Config {
  const config = load(text, environment)
  if (typeof config === 'string') assert.fail(config)
  return config
}

const nodesOf = (text: string) => {
  const config = configOf(text)
  return fixedNodesOf(placedIn(config.to), config)
}

test('an address alone and a map with nothing else are the same node', () => {
  assert.deepEqual(nodesOf('to: ["10.0.0.1:80"]'), nodesOf('to: [{ address: "10.0.0.1:80" }]'))
  const [node] = nodesOf('to: ["10.0.0.1:80"]')
  assert.equal(node?.route, '10-0-0-1-80')
  assert.deepEqual([node?.aliases, node?.contexts], [['localhost'], ['/']])
  assert.equal(node?.own?.awaitsCheck, true)
})

test('a single map needs no list, and JSON in a variable is the same', () => {
  const { to } = configOf('to: { address: 3001, weight: 5 }')
  assert.deepEqual(configOf('', { TOPSPIN_TO: '{"address":3001,"weight":5}' }).to, to)
})

test('a node has the settings of its entry', () => {
  const [node] = nodesOf(
    `useAlias: true
to:
  - address: https://10.0.0.1:8443
    route: a
    balancer: Shop
    domain: east
    aliases: [shop.test, '*.shop.test']
    contexts: [/shop, /api]
    backup: true
    maxConnections: 20
    queue: { max: 7, timeout: 250ms }
    slowStart: 30s
    health: { path: /ready, interval: 1s }
    timeouts: { connect: 1s, responseHead: 90s, responseBody: 2m }
    tls: { servername: shop.internal, verify: false }
`,
  )
  const { own, ...registered } = node ?? assert.fail()
  assert.deepEqual(registered, {
    host: '10.0.0.1',
    port: 8443,
    type: 'https',
    route: 'a',
    balancer: 'shop',
    domain: 'east',
    aliases: ['shop.test', '*.shop.test'],
    contexts: ['/shop', '/api'],
  })
  assert.deepEqual(own, {
    source: '',
    backup: true,
    weight: 100,
    awaitsCheck: true,
    maxConnections: 20,
    queueMax: 7,
    queueMs: 250,
    slowStartMs: 30_000,
    tls: '{"pin":[],"servername":"shop.internal","verify":false}',
    serverName: '',
    health: { probe: 'http', path: '/ready', interval: 1_000 },
    connectMs: 1_000,
    headMs: 90_000,
    bodyMs: 120_000,
  })
})

test('weights are relative to the greatest one in the balancer', () => {
  const nodes = nodesOf(
    'to: [{ address: 1, weight: 1 }, { address: 2, weight: 3 }, { address: 3, balancer: b }]',
  )
  assert.deepEqual(
    nodes.map(({ own }) => Math.round(own?.weight ?? 0)),
    [33, 100, 100],
  )
})

test('a node that nothing checks does not wait for a check', () => {
  const waits = (text: string) => nodesOf(text).map(({ own }) => own?.awaitsCheck)
  assert.deepEqual(waits('to: [{ address: 1, health: none }, 2]'), [false, true])
  assert.deepEqual(waits('health: none\nto: [{ address: 1, health: tcp }, 2]'), [true, false])
})

test('with useAlias an entry without aliases serves every host', () => {
  assert.deepEqual(nodesOf('useAlias: true\nto: 1')[0]?.aliases, ['*'])
})

test('a queue has defaults once there is a limit', () => {
  const [limited, free] = nodesOf('to: [{ address: 1, maxConnections: 2 }, 2]')
  assert.deepEqual([limited?.own?.queueMax, limited?.own?.queueMs], [100, 5_000])
  assert.equal(free?.own?.queueMax, 0)
})

test('sources are read with their defaults, and file names are relative to the configuration', () => {
  const { to } = configOf(
    `to:
  - dns: https://shop.internal:8443
    family: 4
    resolver: 10.0.0.2
  - srv: _http._tcp.shop.internal
    every: 1m
  - file: nodes.yaml
`,
  )
  assert.deepEqual(
    to.map(({ source }) => source),
    [
      {
        kind: 'dns',
        name: { host: 'shop.internal', port: 8443, tls: true },
        family: 4,
        resolver: { host: '10.0.0.2', port: 53 },
        every: 10_000,
      },
      {
        kind: 'srv',
        service: '_http._tcp.shop.internal',
        tls: false,
        family: 'any',
        every: 60_000,
      },
      { kind: 'file', file: '/etc/nodes.yaml', every: 2_000 },
    ],
  )
})

test('Kubernetes, Consul and Docker are a word or a map, and their files are relative to the configuration', () => {
  const { to } = configOf(
    `to:
  - kubernetes: shop
  - kubernetes: { selector: 'app=shop,track!=old', namespace: prod, port: http, scheme: h2c, api: 'https://10.0.0.1:6443/', ca: ca.crt, tokenFile: token }
    family: 6
    every: 1s
  - consul: shop
  - consul: { service: shop, tag: v2, datacenter: dc1, namespace: web, scheme: https, api: 'http://10.0.0.2:8500', tokenFile: /t }
  - docker: topspin=shop
  - docker: { label: topspin, network: back, port: 8080, api: 'unix:///run/docker.sock' }
`,
  )
  assert.deepEqual(
    to.map(({ source }) => source),
    [
      { kind: 'kubernetes', service: 'shop', family: 'any', every: 2_000 },
      {
        kind: 'kubernetes',
        selector: 'app=shop,track!=old',
        namespace: 'prod',
        port: 'http',
        scheme: 'h2c',
        api: 'https://10.0.0.1:6443',
        ca: '/etc/ca.crt',
        tokenFile: '/etc/token',
        family: 6,
        every: 1_000,
      },
      { kind: 'consul', service: 'shop', every: 2_000 },
      {
        kind: 'consul',
        service: 'shop',
        tag: 'v2',
        datacenter: 'dc1',
        namespace: 'web',
        scheme: 'https',
        api: 'http://10.0.0.2:8500',
        tokenFile: '/t',
        every: 2_000,
      },
      { kind: 'docker', label: 'topspin=shop', every: 2_000 },
      {
        kind: 'docker',
        label: 'topspin',
        network: 'back',
        port: 8080,
        api: 'unix:/run/docker.sock',
        every: 2_000,
      },
    ],
  )
})

test('sources with different ports, tags or places are different ones', () => {
  const entries = [
    'kubernetes: { service: shop, port: a }',
    'kubernetes: { service: shop, port: b }',
    'kubernetes: { service: shop, port: b, namespace: x }',
    'consul: { service: shop, tag: a }',
    'consul: { service: shop, tag: b }',
    "consul: { service: shop, tag: b, api: 'http://10.0.0.1:8500' }",
  ]
  assert.equal(configOf(`to:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`).to.length, 6)
  assert.match(
    String(load('to: [{ consul: shop }, { consul: { service: shop } }]')),
    /to\[1\]: consul shop is listed twice/,
  )
})

const refused: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
  [
    'a map without a service',
    'to: [{ kubernetes: { namespace: prod } }]',
    /to\[0\]\.kubernetes: needs service or selector/,
  ],
  [
    'an unknown key of a source',
    'to: [{ kubernetes: { service: shop, namepsace: prod } }]',
    /to\[0\]\.kubernetes\.namepsace: unknown key; did you mean namespace/,
  ],
  [
    'a service with a space',
    'to: [{ consul: { service: "a b" } }]',
    /to\[0\]\.consul\.service: "a b" is not the name of a service/,
  ],
  [
    'an API that is no URL',
    'to: [{ consul: { service: a, api: "10.0.0.1:8500" } }]',
    /to\[0\]\.consul\.api: .* is not the address of an API; write http:/,
  ],
  [
    'an API with a password',
    'to: [{ consul: { service: a, api: "http://u:p@10.0.0.1:8500" } }]',
    /to\[0\]\.consul\.api: .* is not the address of an API/,
  ],
  [
    'a scheme that is none',
    'to: [{ docker: { label: a, scheme: ftp } }]',
    /scheme: "ftp" is none of/,
  ],
  ['a list in place of a source', 'to: [{ docker: [a] }]', /a list is neither a label nor a map/],
  [
    'a resolver for Consul',
    'to: [{ consul: a, resolver: 10.0.0.1 }]',
    /resolver: needs dns or srv/,
  ],
  ['a family for Docker', 'to: [{ docker: a, family: 4 }]', /family: needs dns, srv or kubernetes/],
  [
    'TLS for nodes without it',
    'to: [{ kubernetes: { service: a, scheme: http }, tls: {} }]',
    /to\[0\]\.tls: needs https/,
  ],
  [
    'an unknown key',
    'to: [{ address: 1, weigth: 3 }]',
    /to\[0\]\.weigth: unknown key; did you mean weight/,
  ],
  ['no place', 'to: [{ weight: 3 }]', /needs one of address, dns, srv, file/],
  ['two places', 'to: [{ address: 1, file: a }]', /has address and file; write an entry for each/],
  ['weight 0', 'to: [{ address: 1, weight: 0 }]', /0 is not a whole number from 1 to 1000/],
  ['a queue without a limit', 'to: [{ address: 1, queue: { max: 1 } }]', /needs maxConnections/],
  ['TLS settings for plain TCP', 'to: [{ address: 1, tls: {} }]', /needs https:\/\//],
  ['aliases that do nothing', 'to: [{ address: 1, aliases: [a.test] }]', /needs useAlias: true/],
  ['an address twice', 'to: [1, 1]', /127\.0\.0\.1:1 is listed twice; give one/],
  ['two nodes of one route', 'to: [a-b:1, a.b:1]', /a\.b:1 has the route a-b-1, as a-b:1 has/],
  ['a source twice', 'to: [{ file: a }, { file: a }]', /is listed twice/],
  ['a name server for a file', 'to: [{ file: a, resolver: 10.0.0.1 }]', /needs dns or srv/],
  ['a service without its form', 'to: [{ srv: shop.test }]', /is not the name of a service/],
  ['a bad probe', 'to: [{ address: 1, health: htp }]', /"htp" is none of auto, none, tcp, http/],
  [
    'more nodes than allowed',
    'control: { limits: { nodes: 1 } }\nto: [1, 2]',
    /2 fixed nodes, and control\.limits\.nodes allows 1: raise it to 2 or more/,
  ],
]
for (const [what, text, problem] of refused)
  test(`${what} is refused`, () => assert.match(String(load(text)), problem))
