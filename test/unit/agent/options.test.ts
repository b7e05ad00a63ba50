import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoSettings } from '../../../src/agent/auto-settings.ts'
import { type NodeOptions, settingsFrom } from '../../../src/agent/options.ts'

const proxies = ['proxy.test', '[::1]:7000', 'proxy.test:6666']

test('defaults are in place, doubles of a proxy are one', () => {
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
  assert.equal(settings.drain.deadlineMs, 10_000)
})

test('what the wire cannot carry is refused before anything is sent', () => {
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

test('the environment is read as options', () => {
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
  assert.deepEqual(settings, {
    kind: 'join',
    port: 3000,
    options: {
      proxies: ['127.0.0.1:6666', '[::1]:6667'],
      signals: true,
      contexts: ['/a', '/b'],
      route: 'x',
      reportIntervalMs: 1000,
      capacity: 50,
      initialLoad: -1,
      drain: { strategy: 'none' },
    },
  })
})

test('proxies may be spoken to over TLS, with files that the environment names', () => {
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

test('certificates that cannot be used are told before anything is sent', () => {
  for (const [tls, message] of [
    [{ cert: 'x' }, /cert and key go together/],
    [{ ca: 'x' }, /tls\.ca: no certificate in PEM form/],
    [{ cert: 'x', key: 'y' }, /tls\.cert, tls\.key: /],
  ] as const)
    assert.throws(() => settingsFrom({ proxies: ['https://a'], tls }, 'http', 80), message)
})

test('without proxies the process joins no cluster, and variables of other parts are left alone', () => {
  const off = { kind: 'off', hints: [] }
  assert.deepEqual(autoSettings({}), off)
  assert.deepEqual(autoSettings({ TOPSPIN_PROXIES: ' ', TOPSPIN_ROUTE: 'x' }), off)
  const others = { TOPSPIN_PROXIES: 'a', TOPSPIN_CONFIG: 'x', TOPSPIN_LISTEN: 'y' }
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
