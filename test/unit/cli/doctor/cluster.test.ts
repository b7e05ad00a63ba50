import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterFindings } from '../../../../src/cli/doctor/cluster.ts'
import type { SharingProxy, SharingReport } from '../../../../src/control/sharing.ts'

const self: SharingProxy = {
  name: 'front-1',
  zone: 'eu-1a',
  control: '127.0.0.1:6666',
  version: '0.1.0',
  started: '2026-01-01T00:00:00.000Z',
  ageMs: 500,
  clockMs: 0,
  isSelf: true,
}

const report = (more: Partial<SharingReport> = {}): SharingReport => ({
  name: 'prod',
  proxy: 'front-1',
  mode: 'joined',
  reason: null,
  modeMs: 1_000,
  server: '127.0.0.1:4222',
  revision: 12,
  lagMs: 1.5,
  unwritten: 0,
  listings: 1,
  massSilence: false,
  badRecords: [],
  proxies: [self],
  ...more,
})

test('a proxy with a registry of its own has no finding, and one that is joined a good one', () => {
  assert.deepEqual(clusterFindings(null), [])
  assert.ok(clusterFindings(report()).every(({ result }) => result === 'ok'))
})

test('the reason why a proxy is alone leads to the remedy', () => {
  const remedies: readonly (readonly [string, string | null, RegExp])[] = [
    ['connect ECONNREFUSED 127.0.0.1:4222', null, /do the NATS servers run/],
    ['Authorization Violation', null, /refuse the login/],
    ['Permissions Violation for Publish to "$KV.topspin_prod.n.a"', 'a:1', /lacks a permission/],
    ['self-signed certificate in certificate chain', null, /cluster\.tls\.ca/],
    ['replicas > 1 not supported in non-clustered mode', 'a:1', /so many copies/],
    ['no suitable peers for placement', 'a:1', /so many copies/],
    ['maximum bytes exceeded', 'a:1', /is full/],
    ['insufficient resources', 'a:1', /is full/],
    ['jetstream is not enabled', 'a:1', /no leader now/],
    ['no answer about a put within 1500 ms', 'a:1', /slow, or have no leader/],
    ['something else', 'a:1', /logs of the NATS servers/],
  ]
  for (const [reason, server, remedy] of remedies) {
    const [finding] = clusterFindings(report({ mode: 'alone', reason, server, unwritten: 3 }))
    assert.equal(finding?.result, 'fail')
    assert.ok(finding?.seen.includes(reason) && finding.seen.includes('3 records'), finding?.seen)
    assert.match(finding?.advice ?? '', remedy, reason)
  }
})

test('clocks that differ, changes that come late and records that are not used are told', () => {
  const other = { ...self, name: 'front-2', isSelf: false, clockMs: -125_000 }
  const findings = clusterFindings(
    report({
      lagMs: 2_500,
      badRecords: [{ key: 'n.x', reason: 'it is not JSON' }],
      massSilence: true,
      proxies: [self, other],
    }),
  )
  const warnings = findings
    .filter(({ result }) => result === 'warn')
    .map(({ what, seen }) => `${what}: ${seen}`)
  assert.deepEqual(warnings, [
    'cluster prod: changes arrive 2500 ms late',
    'record n.x: is not used: it is not JSON',
    'proxy front-2: its clock is 125 s behind that of this proxy',
    'nodes: many stopped reporting at a time, and stay in use',
  ])
})
