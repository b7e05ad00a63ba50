// What `topspin doctor` says about sources of fixed nodes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceFindings } from '../../../src/cli/doctor/sources.ts'
import type { SourceReport } from '../../../src/control/source-report.ts'

const source = (more: Partial<SourceReport>): SourceReport => ({
  name: 'kubernetes prod/shop',
  nodes: 2,
  reason: null,
  failingMs: null,
  failures: 0,
  problems: [],
  ...more,
})

const text = (more: Partial<SourceReport>): string =>
  sourceFindings([source(more)])
    .map(({ result, what, seen, advice }) => `${result} ${what}: ${seen} [${advice}]`)
    .join('\n')

test('a source that can be used is fine, unless it lists no node or leaves some out', () => {
  assert.equal(text({}), 'ok source kubernetes prod/shop: it lists 2 nodes []')
  assert.equal(text({ nodes: 0 }), 'warn source kubernetes prod/shop: it lists no node []')
  assert.equal(
    text({ nodes: 1, problems: ['EndpointSlice a: has no port http, but web'] }),
    `warn source kubernetes prod/shop: leaves a node out: EndpointSlice a: has no port http, but web []
ok source kubernetes prod/shop: it lists 1 node []`,
  )
})

test('a source that fails is a warning while it has a list, with what to do', () => {
  const failing = { failingMs: 65_432, failures: 9 }
  const forbidden = { ...failing, reason: 'answers 403: endpointslices is forbidden' }
  assert.match(
    text(forbidden),
    /^warn source kubernetes prod\/shop: it cannot be read for 65s; 2 nodes of its last list stay: answers 403: .* \[the service account needs `get`/,
  )
  assert.match(
    text({ ...forbidden, nodes: 1, failingMs: 400 }),
    /read for 1s; 1 node of its last list stays:/,
  )
  assert.match(
    text({ ...forbidden, nodes: null }),
    /^fail .* has listed no node so far: answers 403/,
  )
  for (const [name, reason, advice] of [
    ['consul shop', 'there is no instance of it', /is a service registered/],
    ['consul shop', 'answers 403: Permission denied', /the token needs `service:read`/],
    ['consul shop', 'connect ECONNREFUSED 127.0.0.1:8500', /does it run at that address/],
    ['docker a=b', 'connect EACCES /var/run/docker.sock', /group `docker`/],
    ['docker a=b', 'connect ENOENT /var/run/docker.sock', /does Docker run/],
    ['kubernetes shop', 'unable to verify the first certificate', /check `ca`/],
  ] as const)
    assert.match(text({ ...failing, name, reason }), advice)
})

test('a proxy of an earlier version says nothing of sources', () => {
  assert.deepEqual(sourceFindings(undefined), [])
})
