// The configuration: the order of its sources, the values it accepts, and the problem for each mistake.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConfigSources, readConfig } from '../../../src/config/config.ts'
import { formatProblem } from '../../../src/config/problem.ts'

const read = (text: string, more: Partial<ConfigSources> = {}): ReturnType<typeof readConfig> =>
  readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [], ...more })

function configOf(text: string, more: Partial<ConfigSources> = {}) {
  const result = read(text, more)
  assert.ok(result.ok, result.ok ? '' : result.problems.map(formatProblem).join('\n'))
  return result.config
}

function problemsOf(text: string, more: Partial<ConfigSources> = {}): string[] {
  const result = read(text, more)
  assert.ok(!result.ok, 'a problem was expected')
  return result.problems.map(formatProblem)
}

test('an empty file gives the defaults', () => {
  const config = configOf('')
  assert.deepEqual(config.listen, [{ host: '127.0.0.1', port: 8000 }])
  assert.deepEqual(config.control.listen, { host: '127.0.0.1', port: 6666 })
  assert.deepEqual(config.to, [])
  assert.equal(config.timeouts.connect, 3_000)
  assert.equal(config.useAlias, false)
  assert.equal(config.accessLog.to, 'off')
  assert.equal(config.workers, undefined, 'as many as the machine grants, found out at the start')
})

test('the number of workers is read from every source, and may be 0', () => {
  assert.equal(configOf('workers: 0').workers, 0)
  assert.equal(configOf('', { environment: { TOPSPIN_WORKERS: '3' } }).workers, 3)
  const flags = [{ flag: '--workers', path: 'workers', value: '2' }]
  assert.equal(configOf('workers: 5', { flags }).workers, 2)
})

test('the environment outranks the file, and a flag outranks both', () => {
  const file =
    'listen: 127.0.0.1:1001\ncontrol: { listen: 127.0.0.1:1002, statusTimeout: 5s }\npool: { idle: 3s }'
  const environment = { TOPSPIN_LISTEN: '127.0.0.1:2001', TOPSPIN_CONTROL_LISTEN: '127.0.0.1:2002' }
  const flags = [{ flag: '--listen', path: 'listen', value: ['127.0.0.1:3001', '[::1]:3002'] }]
  const config = configOf(file, { environment, flags })
  assert.deepEqual(config.listen, [
    { host: '127.0.0.1', port: 3001 },
    { host: '::1', port: 3002 },
  ])
  assert.equal(config.control.listen.port, 2002)
  assert.equal(config.control.statusTimeout, 5_000)
  assert.equal(config.pool.idle, 3_000)
})

test('a list may be one value, a YAML list, or text with commas', () => {
  for (const text of [
    'to: 127.0.0.1:3001,127.0.0.1:3002',
    'to: [127.0.0.1:3001, 127.0.0.1:3002]',
    'to: [3001, 3002]',
  ]) {
    assert.deepEqual(
      configOf(text).to.map(({ address }) => address?.port),
      [3001, 3002],
      text,
    )
  }
  assert.deepEqual(configOf('to: 3001').to[0]?.address, { host: '127.0.0.1', port: 3001 })
})

test('JSON is read as well', () => {
  assert.equal(configOf('{"log": {"level": "warn"}, "useAlias": true}').log.level, 'warn')
})

test('variables of other programs and empty ones are ignored', () => {
  const environment = { TOPSPIN_PROXIES: 'x', TOPSPIN_LISTEN: '', PATH: '/bin' }
  assert.deepEqual(configOf('', { environment }).listen, [{ host: '127.0.0.1', port: 8000 }])
})

test('a misspelt variable is refused with the one that was meant', () => {
  const result = read('', { environment: { TOPSPIN_LISTN: '127.0.0.1:1', TOPSPIN_ROUTE: 'x' } })
  assert.deepEqual(result.ok ? [] : result.problems, [
    { place: 'TOPSPIN_LISTN', path: '', message: 'is not known; did you mean TOPSPIN_LISTEN?' },
  ])
})

test('the secret of nodes and commands is no secret of the proxy, which would be open', () => {
  const environment = { TOPSPIN_SECRET: 'eight-characters' }
  const result = read('', { environment })
  assert.deepEqual(result.ok ? [] : result.problems.map(({ place }) => place), ['TOPSPIN_SECRET'])
  const both = { ...environment, TOPSPIN_CONTROL_SECRET: 'eight-characters' }
  assert.equal(read('', { environment: both }).ok, true)
})

test('networks have an address of their family and a prefix that fits', () => {
  for (const text of ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8'])
    assert.deepEqual(configOf(`trust: "${text}"`).trust.from, [text])
  for (const text of [
    '10.0.0.0/33',
    'fd00::/129',
    'example.test',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10/8',
  ])
    assert.match(problemsOf(`trust: ["${text}"]`).join(), /is not an address or a network/, text)
})

test('all problems of all sources are reported at once, each with its place', () => {
  const file = [
    'listen: ["x y"]',
    'controll: {}',
    'timeouts:',
    '  conect: 5s',
    '  idle: soon',
    'log: { level: loud }',
  ].join('\n')
  assert.deepEqual(
    problemsOf(file, {
      environment: { TOPSPIN_POOL_IDLE: 'long' },
      flags: [{ flag: '--to', path: 'to', value: ['here'] }],
    }),
    [
      'topspin.yaml:1:10: listen[0]: "x y" is not an address; write HOST:PORT, for example 127.0.0.1:8000',
      'topspin.yaml:2:1: controll: unknown key; did you mean control?',
      'topspin.yaml:4:3: timeouts.conect: unknown key; did you mean connect?',
      'topspin.yaml:5:9: timeouts.idle: "soon" is not a duration of at least 1 ms; write for example 10s, 500ms or a number of milliseconds',
      'topspin.yaml:6:15: log.level: "loud" is not a level; write debug, info, warn or error',
      '--to: "here" is not an address; write HOST:PORT, for example 127.0.0.1:3001, or unix:/PATH',
      'TOPSPIN_POOL_IDLE: "long" is not a duration of at least 1 ms; write for example 10s, 500ms or a number of milliseconds',
    ],
  )
})

test('an unknown key that resembles none is reported with the known keys', () => {
  assert.deepEqual(problemsOf('pool: { elephants: 2 }'), [
    'topspin.yaml:1:9: pool.elephants: unknown key; known here: idle, idleMax',
  ])
})

test('text that is not YAML is reported with line and column', () => {
  const [first = ''] = problemsOf('log:\n  level: "info\n')
  assert.match(first, /^topspin\.yaml:\d+:\d+: Missing closing/)
})

test('a duplicate key is a problem', () => {
  const [first = ''] = problemsOf('listen: 1\nlisten: 2\n')
  assert.match(first, /^topspin\.yaml:2:1: .*unique/)
})

test('a problem with the AJP secret does not contain it', () => {
  for (const text of ['ajp: { secret: "hush\\n" }', 'ajp: { secret: 4711 }']) {
    const problems = problemsOf(text).join('\n')
    assert.match(problems, /ajp\.secret: not (?:a secret|text)/)
    assert.doesNotMatch(problems, /hush|4711/)
  }
})

const refused: readonly [string, string, RegExp][] = [
  ['a file that is not a map', 'hello', /"hello" is not a map of keys/],
  ['a section that is not a map', 'timeouts: 5', /topspin\.yaml:1:11: timeouts: 5 is not a map/],
  ['a section left empty', 'timeouts:', /timeouts: nothing is not a map/],
  [
    'a port beyond 65535',
    'listen: 127.0.0.1:65536',
    /listen\[0\]: "127.0.0.1:65536" is not an address/,
  ],
  ['port 0 for a fixed node', 'to: 127.0.0.1:0', /is not an address/],
  ['a malformed IPv4 address', 'listen: 300.1.2.3:80', /is not an address/],
  ['a network with too long a prefix', 'trust: 10.0.0.0/33', /is not an address or a network/],
  ['a duration of 0 for a timeout', 'timeouts: { connect: 0 }', /duration of at least 1 ms/],
  ['a duration too long for timers', 'timeouts: { tunnel: 10000h }', /is not a duration/],
  ['a switch that is a number', 'useAlias: 1', /1 is neither true nor false/],
  [
    'a count with a fraction',
    'maxConnections: 1.5',
    /1\.5 is not a whole number from 1 to 1000000/,
  ],
  ['a negative number of workers', 'workers: -1', /-1 is not a whole number from 0 to 256/],
  ['a packet size above the limit of AJP', 'ajp: { packetSize: 65537 }', /from 1024 to 65536/],
  ['a name with a blank', 'via: "a b"', /is not a name of letters/],
]
for (const [name, text, expected] of refused) {
  test(`${name} is refused`, () => {
    assert.match(problemsOf(text).join('\n'), expected)
  })
}

test('a cascade is a list, or text split at the commas outside parentheses', () => {
  const cascade = ['byAge 6', 'byHostname (sun|a,b)', 'byLoad 0.5']
  for (const text of [
    'candidacy: [byAge 6, "byHostname (sun|a,b)", byLoad 0.5]',
    'candidacy: byAge 6, byHostname (sun|a,b), byLoad 0.5',
  ]) {
    assert.deepEqual(configOf(text).candidacy, cascade, text)
  }
  const environment = { TOPSPIN_CANDIDACY: cascade.join(',') }
  assert.deepEqual(configOf('', { environment }).candidacy, cascade)
})

test('the environment may contain the cascades of paths as JSON', () => {
  const balance = [{ path: '/cgi-bin', candidacy: ['byRandom', 'byLogWindow', 'byLoad'] }]
  assert.deepEqual(
    configOf('balance:\n  - { path: /cgi-bin, candidacy: "byRandom, byLogWindow, byLoad" }')
      .balance,
    balance,
  )
  const environment = { TOPSPIN_BALANCE: JSON.stringify(balance) }
  assert.deepEqual(
    configOf('balance: [{ path: /, candidacy: off }]', { environment }).balance,
    balance,
  )
  assert.deepEqual(configOf('').balance, [])
})

test('a problem of a cascade is reported with its place', () => {
  const file = [
    'candidacy: [usable, byAge soon]',
    'balance:',
    '  - { path: shop, candidacy: byLode }',
    '  - { path: /a/, candidacy: [off, byRandom] }',
    '  - { path: /b, candidancy: off, candidacy: off }',
    '  - { path: /c, candidacy: [] }',
  ].join('\n')
  assert.deepEqual(problemsOf(file), [
    'topspin.yaml:1:21: candidacy[1]: byAge: "soon" is not a number from 0 to 86400; write byAge [SECONDS], 20 by default',
    'topspin.yaml:3:13: balance[0].path: "shop" is not a path; write for example /shop',
    'topspin.yaml:3:30: balance[0].candidacy[0]: no candidacy function called byLode; did you mean byLoad?',
    'topspin.yaml:4:29: balance[1].candidacy: off stands alone',
    'topspin.yaml:5:17: balance[2].candidancy: unknown key; did you mean candidacy?',
    'topspin.yaml:6:28: balance[3].candidacy: no candidacy function; write off for no balancing',
  ])
  assert.deepEqual(
    problemsOf('balance: [{ path: /a, candidacy: off }, { path: /a/, candidacy: off }]'),
    ['topspin.yaml:1:49: balance[1].path: /a/ is listed twice'],
  )
  assert.deepEqual(problemsOf('', { environment: { TOPSPIN_BALANCE: '/=off' } }), [
    'TOPSPIN_BALANCE: "/=off" is not a list of path and candidacy',
  ])
})

test('a cascade has its functions or a name, for all paths and for some', () => {
  const auto = ['usable', 'bySession', 'active', 'byDomain', 'byRoom']
  const modCluster = ['usable', 'bySession', 'byDomain', 'byLoadFactor']
  assert.deepEqual(configOf('').candidacy, auto)
  for (const text of ['candidacy: mod_cluster', 'candidacy: [MOD_CLUSTER]'])
    assert.deepEqual(configOf(text).candidacy, modCluster)
  const { candidacy, balance } = configOf(
    'candidacy: mod_cluster\nbalance: [{ path: /a, candidacy: auto }]',
  )
  assert.deepEqual([candidacy, balance[0]?.candidacy], [modCluster, auto])
  assert.match(
    problemsOf('candidacy: [usable, auto]').join(),
    /auto is a whole cascade of the proxy and stands alone/,
  )
})

test('modules of candidacy functions are relative to the file', () => {
  const text = 'candidacy: [./near.js#byRack eu-1, ../far.js#it, /abs.js#it, file:///x.js#it]'
  const { candidacy } = configOf(text, { file: { name: '/etc/topspin/topspin.yaml', text } })
  assert.deepEqual(candidacy, [
    '/etc/topspin/near.js#byRack eu-1',
    '/etc/far.js#it',
    '/abs.js#it',
    'file:///x.js#it',
  ])
})

test('TLS is read from every source, and a key in the wrong section is a problem', () => {
  const config = configOf(
    'listen: [0.0.0.0:80, https://0.0.0.0:443]\ntls: { cert: a.crt, key: a.key, clientAuth: request }\nto: https://10.0.0.5:8443',
    { environment: { TOPSPIN_NODE_TLS_PIN: `${'ab'.repeat(32)},${'cd'.repeat(32)}` } },
  )
  assert.deepEqual(config.listen, [
    { host: '0.0.0.0', port: 80 },
    { host: '0.0.0.0', port: 443, tls: true },
  ])
  assert.deepEqual(config.to[0]?.address, { host: '10.0.0.5', port: 8443, tls: true })
  assert.equal(config.tls.clientAuth, 'request')
  assert.equal(config.tls.forwardClientCert, false)
  assert.deepEqual(
    config.nodeTls.pin,
    ['ab'.repeat(32), 'cd'.repeat(32)].map((pin) => pin.toUpperCase()),
  )
  assert.equal(config.nodeTls.verify, true)
  assert.deepEqual(
    problemsOf('tls: { clientAuth: maybe }\nnodeTls: { servername: 10.0.0.1, pin: ab }'),
    [
      'topspin.yaml:1:20: tls.clientAuth: "maybe" is none of none, request, require',
      'topspin.yaml:2:24: nodeTls.servername: an address is not a host name',
      'topspin.yaml:2:39: nodeTls.pin[0]: "ab" is not a fingerprint; write the 64 digits of `openssl x509 -noout -fingerprint -sha256`, or sha256//BASE64 of the public key',
    ],
  )
})

describe('health checks of nodes', () => {
  test('are a word, a map or a list, or the same as JSON', () => {
    const checks = (text: string, more = {}) => configOf(text, more).health.checks
    assert.deepEqual(checks(''), [{ probe: 'auto' }])
    assert.deepEqual(checks('health: none'), [{ probe: 'none' }])
    assert.deepEqual(checks('health: { checks: none }'), [{ probe: 'none' }])
    assert.deepEqual(checks('health: { path: /ready, expect: 200-299, fall: 2 }'), [
      { probe: 'http', path: '/ready', expect: [[200, 299]], fall: 2 },
    ])
    const environment = {
      TOPSPIN_HEALTH: '[{"probe":"tcp","interval":"2s"},{"balancer":"Shop","expect":"200, 404"}]',
    }
    assert.deepEqual(checks('health: none', { environment }), [
      { probe: 'tcp', interval: 2_000 },
      {
        balancer: 'shop',
        probe: 'http',
        expect: [
          [200, 200],
          [404, 404],
        ],
      },
    ])
  })

  test('stand beside the address of the listener for health checks', () => {
    const listen = { host: '127.0.0.1', port: 6670 }
    assert.deepEqual(configOf('health: { listen: 127.0.0.1:6670 }').health, {
      listen,
      checks: [{ probe: 'auto' }],
    })
    for (const text of [
      'health: { listen: 6670, probe: tcp, fall: 2 }',
      'health: { listen: 6670, checks: { probe: tcp, fall: 2 } }',
      'health: { listen: 6670, checks: [{ probe: tcp, fall: 2 }] }',
    ])
      assert.deepEqual(configOf(text).health, { listen, checks: [{ probe: 'tcp', fall: 2 }] }, text)
    const environment = { TOPSPIN_HEALTH_LISTEN: '6670', TOPSPIN_HEALTH: 'none' }
    assert.deepEqual(configOf('health: tcp', { environment }).health, {
      listen,
      checks: [{ probe: 'none' }],
    })
  })

  test('with problems are refused, with their places', () => {
    for (const [health, problem] of [
      ['udp', /"udp" is none of auto, none, tcp, http/],
      ['{ probe: tcp, path: /x }', /path: needs probe: http/],
      ['{ path: ready }', /"ready" is not a path; write for example \/ready/],
      ['{ path: "/a b" }', /is not a path/],
      ['{ expect: 700 }', /"700" is not a list of statuses/],
      ['{ expect: 299-200 }', /"299-200" is not a list of statuses/],
      ['{ host: "a b" }', /is not a host/],
      ['{ rise: 0 }', /is not a whole number from 1 to 100/],
      ['{ interval: 1ms }', /is not a duration of at least 100 ms/],
      ['{ pathh: /x }', /unknown key/],
      ['[{ node: a, probe: tcp }, { node: a, probe: none }]', /a second health check for node a/],
      ['[{ probe: tcp }, { probe: none }]', /a second health check for all nodes/],
    ] as const) {
      const [found] = problemsOf(`health: ${health}`)
      assert.match(String(found), problem, health)
    }
  })
})
