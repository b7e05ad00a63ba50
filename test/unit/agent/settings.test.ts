import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoSettings } from '../../../src/agent/auto-settings.ts'
import type { JoinOptions } from '../../../src/agent/join-cluster.ts'
import type { NodeOptions } from '../../../src/agent/options.ts'
import { checkJoinOptions, settingsFrom } from '../../../src/agent/settings.ts'

const proxies = ['proxy.test', '[::1]:7000', 'proxy.test:6666']

test('defaults are filled in, and duplicates of a proxy removed', () => {
  const settings = settingsFrom({ proxies }, 'https', 8443)
  assert.deepEqual(settings.proxies, [
    { host: 'proxy.test', port: 6666 },
    { host: '::1', port: 7000 },
  ])
  assert.match(settings.config.route, /^[A-Za-z0-9_-]{1,58}-8443$/)
  assert.equal(settings.config.type, 'https')
  assert.equal(settings.config.port, 8443)
  assert.equal(settings.config.stickySessionForce, false)
  assert.deepEqual(settings.contexts, ['/'])
  assert.deepEqual(settings.aliases, ['localhost'])
  assert.equal(settings.drain.deadlineMs, 8_000)
})

test('values that a message cannot contain are refused before anything is sent', () => {
  const bad: [Partial<NodeOptions>, RegExp][] = [
    [{ proxies: [] }, /proxies/],
    [{ proxies: ['a:99999'] }, /a:99999/],
    [{ route: 'a.b' }, /route/],
    [{ route: 'REMOVED' }, /route/],
    [{ route: 'a'.repeat(64) }, /route/],
    [{ balancer: 'b'.repeat(40) }, /Balancer/],
    [{ domain: 'd'.repeat(20) }, /Domain/],
    [{ aliases: ['a<b'] }, /Alias/],
    [{ aliases: [] }, /aliases/],
    [{ contexts: ['/a/'] }, /context/],
    [{ contexts: [`/${'c'.repeat(80)}`] }, /Context/],
    [{ host: 'no host' }, /Host/],
    [{ sticky: { cookie: 'c'.repeat(30) } }, /StickySessionCookie/],
  ]
  for (const [options, message] of bad) {
    assert.throws(() => settingsFrom({ proxies, ...options }, 'http', 80), message)
  }
})

test('options are read from the environment', () => {
  const settings = autoSettings({
    TOPSPIN_PROXIES: '127.0.0.1:6666, [::1]:6667',
    TOPSPIN_CONTEXTS: '/a,/b',
    TOPSPIN_ROUTE: 'x',
    TOPSPIN_PORT: '3000',
    TOPSPIN_REPORT_INTERVAL: '1s',
    TOPSPIN_CAPACITY: '50',
    TOPSPIN_INITIAL_LOAD: '-1',
    TOPSPIN_DRAIN: 'none',
    TOPSPIN_BALANCER: '',
  })
  assert.ok(settings.kind === 'join')
  assert.equal(settings.port, 3000)
  const { log: _, ...options } = settings.options
  assert.deepEqual(options, {
    proxies: ['127.0.0.1:6666', '[::1]:6667'],
    signals: true,
    contexts: ['/a', '/b'],
    route: 'x',
    reportIntervalMs: 1000,
    capacity: 50,
    initialLoad: -1,
    drain: { strategy: 'none' },
  })
})

test('proxies over TLS have https addresses, and files named by the environment', () => {
  const tls = { servername: 'proxy.test' }
  const settings = settingsFrom({ proxies: ['https://a', 'b:7'], tls }, 'http', 80)
  assert.deepEqual(settings.proxies, [
    { host: 'a', port: 6666, tls: true },
    { host: 'b', port: 7 },
  ])
  assert.deepEqual(settings.tls, tls)
  const named = {
    TOPSPIN_PROXIES: 'https://a',
    TOPSPIN_CA: '/ca',
    TOPSPIN_CERT: '/c',
    TOPSPIN_KEY: '/k',
  }
  const read = autoSettings(named)
  assert.deepEqual(read.kind === 'join' && read.tlsFiles, { ca: '/ca', cert: '/c', key: '/k' })
})

test('unusable certificates are refused before anything is sent', () => {
  for (const [tls, message] of [
    [{ cert: 'x' }, /cert and key go together/],
    [{ ca: 'x' }, /tls\.ca: no certificate in PEM form/],
    [{ cert: 'x', key: 'y' }, /tls\.cert, tls\.key: /],
  ] as const)
    assert.throws(() => settingsFrom({ proxies: ['https://a'], tls }, 'http', 80), message)
})

test('without proxies the process joins no cluster, and variables of other parts are ignored', () => {
  const off = { kind: 'off', hints: [] }
  assert.deepEqual(autoSettings({}), off)
  assert.deepEqual(autoSettings({ TOPSPIN_PROXIES: ' ', TOPSPIN_ROUTE: 'x' }), off)
  const others = { TOPSPIN_PROXIES: 'a', TOPSPIN_CONTROL_LISTEN: 'x', TOPSPIN_LISTEN: 'y' }
  assert.equal(autoSettings(others).kind, 'join')
})

test('a misspelt variable is reported even when nothing else asks for a cluster', () => {
  const settings = autoSettings({ TOPSPIN_PROXEIS: '127.0.0.1:6666' })
  const hints = ['TOPSPIN_PROXEIS is not known; did you mean TOPSPIN_PROXIES?']
  assert.deepEqual(settings, { kind: 'off', hints })
})

test('durations of the environment have the units of every duration', () => {
  const settings = autoSettings({ TOPSPIN_PROXIES: 'a', TOPSPIN_DRAIN_DEADLINE: '1h' })
  assert.equal(settings.kind === 'join' && settings.options.drain?.deadlineMs, 3_600_000)
})

test('all problems of the environment are reported at once', () => {
  const settings = autoSettings({
    TOPSPIN_PROXIES: 'a,,b',
    TOPSPIN_PORT: '0',
    TOPSPIN_DRAIN: 'later',
    TOPSPIN_PROXY: 'a',
    TOPSPIN_REPORTINTERVAL: '1s',
  })
  assert.equal(settings.kind, 'bad')
  if (settings.kind === 'bad')
    assert.equal(settings.problems.length, 5, settings.problems.join('\n'))
})

test('sessions are waited for by default when the node alone has them', () => {
  const strategy = (drain: NodeOptions['drain']) =>
    settingsFrom({ proxies, ...(drain === undefined ? {} : { drain }) }, 'http', 80).drain.strategy
  const sessions = () => 3
  assert.equal(strategy(undefined), 'requests')
  assert.equal(strategy({ sessions }), 'sessions')
  assert.equal(strategy({ sessions, distributable: true }), 'requests')
  assert.equal(strategy({ sessions, strategy: 'none' }), 'none')
  assert.throws(() => strategy({ strategy: 'sessions' }), /needs the function/)
})

test('loads are averaged slowly for the default metrics, and as in mod_cluster for configured ones', () => {
  const load = (options: NodeOptions) => settingsFrom({ proxies, ...options }, 'http', 80).load
  const slow = { history: 29, decay: 1.11, initialLoad: 0 }
  assert.deepEqual(load({}), slow)
  assert.deepEqual(load({ capacity: 50, initialLoad: 20 }), { ...slow, initialLoad: 20 })
  const usual = { history: 9, decay: 2, initialLoad: 0 }
  assert.deepEqual(load({ metrics: [{ name: 'queue', read: () => 0 }] }), usual)
  assert.deepEqual(load({ history: 4 }), { ...usual, history: 4 })
  assert.deepEqual(load({ decay: 3 }), { ...usual, decay: 3 })
})

test('all problems of the options are reported at once', () => {
  const options = { proxies: [], route: 'a.b', contexts: ['a'], history: -1, reportIntervalMs: 1 }
  assert.throws(
    () => settingsFrom(options, 'http', 80),
    (error: Error & { code?: string }) =>
      error.code === 'BAD_OPTION' &&
      ['proxies', 'route', 'context', 'history', 'reportIntervalMs'].every((name) =>
        error.message.includes(name),
      ),
  )
})

test('advertisements need a group that can be parsed, and a key when the code is required', () => {
  const advertise = (given: NodeOptions['advertise']) =>
    settingsFrom({ ...(given === undefined ? {} : { advertise: given }) }, 'http', 80).advertise
  assert.deepEqual(advertise({}), {
    group: { host: '224.0.1.105', port: 23_364 },
    interface: undefined,
    key: '',
    requireMac: false,
  })
  assert.deepEqual(advertise({ group: '239.1.1.1' })?.group, { host: '239.1.1.1', port: 23_364 })
  assert.throws(() => advertise({ group: 'a b' }), /advertise.group "a b"/)
  assert.throws(() => advertise({ requireMac: true }), /requireMac needs advertise.key/)
})

test('options that are misspelt or of another type are refused with the right ones', () => {
  const check = (options: object): void => checkJoinOptions(options)
  assert.doesNotThrow(() => check({ proxies, log: false, drain: { sessions: () => 0 } }))
  assert.throws(() => check({ proxies, contxts: ['/x'] }), /contxts .* did you mean contexts\?$/)
  assert.throws(() => check({ proxies: '127.0.0.1:1' }), /^[^;]*proxies: write a list[^;]*$/)
  assert.throws(() => check({ proxies, drain: { deadline: 5 } }), /did you mean drain\.deadlineMs/)
  assert.throws(() => checkJoinOptions(undefined), /pass options/)
})

test('every option can be undefined, as process.env has it', () => {
  const options: JoinOptions = {
    proxies,
    secret: process.env['TOPSPIN_TEST_NOT_SET'],
    route: undefined,
    tls: undefined,
    drain: { deadlineMs: undefined },
  }
  assert.doesNotThrow(() => checkJoinOptions(options))
})

test('every variable of the environment becomes an option', () => {
  const read = autoSettings({
    TOPSPIN_PROXIES: '6666, https://proxy.test',
    TOPSPIN_HOST_PORT: '8080',
    TOPSPIN_STICKY_COOKIE: 'NODE',
    TOPSPIN_STICKY_FORCE: 'yes',
    TOPSPIN_DRAIN: '20s',
    TOPSPIN_DRAIN_UPGRADED: 'on',
    TOPSPIN_METRICS: 'processor*2, busyness/100',
    TOPSPIN_HISTORY: '3',
    TOPSPIN_REQUIRED: 'true',
    TOPSPIN_SIGNALS: 'no',
    TOPSPIN_ADVERTISE: 'on',
    TOPSPIN_ADVERTISE_KEY: 'k',
    TOPSPIN_ADVERTISE_REQUIRE_MAC: 'yes',
  })
  assert.ok(read.kind === 'join')
  const { log: _, metrics, ...options } = read.options
  assert.deepEqual(options, {
    proxies: ['127.0.0.1:6666', 'https://proxy.test'],
    port: 8080,
    sticky: { cookie: 'NODE', force: true },
    drain: { deadlineMs: 20_000, upgraded: true },
    history: 3,
    required: true,
    signals: false,
    advertise: { key: 'k', requireMac: true },
  })
  assert.deepEqual(
    metrics?.map(({ name, weight, capacity }) => [name, weight, capacity]),
    [
      ['processor', 2, undefined],
      ['busyness', undefined, 100],
    ],
  )
})

test('metrics of the environment are named with their forms when one is wrong', () => {
  for (const metrics of ['procesor', 'request-rate', 'memory*x', '']) {
    const read = autoSettings({ TOPSPIN_PROXIES: 'a', TOPSPIN_METRICS: metrics || ',' })
    assert.ok(read.kind === 'bad')
    assert.match(read.problems.join(), /processor\*2,memory .* system-load/)
  }
})

test('an agent that HAProxy checks needs no proxy, and its port is checked', () => {
  assert.equal(settingsFrom({ agentCheck: 3001 }, 'http', 3000).agentCheck, 3001)
  const read = autoSettings({ TOPSPIN_AGENT_CHECK: '3001' })
  assert.equal(read.kind === 'join' && read.options.agentCheck, 3001)
  for (const [agentCheck, message] of [
    [0, /agentCheck 0: a port from 1 to 65535/],
    [3000, /agentCheck 3000: the server has this port; choose another one/],
  ] as const)
    assert.throws(() => settingsFrom({ agentCheck }, 'http', 3000), message)
})
