import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config/config.ts'
import { trafficSettings } from '../../../src/config/traffic-settings.ts'
import { defaultSettings } from '../../../src/proxy/index.ts'

const noTls = {
  traffic: undefined,
  addresses: {},
  control: undefined,
  xds: undefined,
  nodes: {},
  ruleFiles: {},
  certificates: [],
  files: new Map(),
}

function settingsOf(text: string) {
  const result = readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [] })
  assert.ok(result.ok)
  return trafficSettings(result.config, noTls, 'topspin-0123abcd')
}

test('an empty configuration has the defaults of the proxy', () => {
  const { health: _, outlier: __, retryBudget: ___, timeouts, ...defaults } = defaultSettings
  const { listen, tls, nodeTls, nodesAllow, keepAlive, via, ...settings } = settingsOf('')
  const { lingerMs: ____, ...configured } = timeouts
  assert.deepEqual(settings, { ...defaults, timeouts: configured })
  assert.deepEqual(listen, [{ host: '127.0.0.1', port: 8000 }])
  assert.equal(tls, undefined)
  assert.deepEqual(nodeTls, {})
  assert.deepEqual(nodesAllow, [])
  assert.equal(keepAlive, true)
  assert.equal(via, 'topspin-0123abcd')
})

test('each timeout has the name of its key', () => {
  const { timeouts } = settingsOf('timeouts: { head: 1s, responseHead: 2s, drain: 3s }')
  assert.equal(timeouts.headMs, 1_000)
  assert.equal(timeouts.responseHeadMs, 2_000)
  assert.ok(!('drainMs' in timeouts))
})

test('deterministic failover inserts bySessionId before the last function of every cascade', () => {
  const { candidacy, balance } = settingsOf(
    'deterministicFailover: true\ncandidacy: [usable, byRandom]\n' +
      'balance: [{ path: /a, candidacy: byLoadFactor }]',
  )
  assert.deepEqual(candidacy, ['usable', 'bySessionId', 'byRandom'])
  assert.deepEqual(balance, [{ path: '/a', candidacy: ['bySessionId', 'byLoadFactor'] }])
})
