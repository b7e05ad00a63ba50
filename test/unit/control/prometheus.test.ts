import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureLimits } from '../../../src/base/limits.ts'
import { RequestTimes } from '../../../src/cluster/request-times.ts'
import { newNodeTimes, nodeHistograms } from '../../../src/cluster/times.ts'
import { newCounters } from '../../../src/cluster/traffic-counts.ts'
import { ControlCounts } from '../../../src/control/counts.ts'
import { PrometheusText } from '../../../src/control/prometheus.ts'
import { clusterOf } from '../../support/cluster-fixture.ts'
import { controlFixture } from '../../support/control-fixture.ts'

test('a scrape shows the totals and gauges of its moment, not of an earlier one', async () => {
  const { settings } = controlFixture({
    traffic: {
      counts: () => ({
        ...newCounters(),
        retries: 4,
        refused: new Map([[503, 5]]),
        refusedFor: new Map([['UPLOADS_FULL', 5]]),
        closedFor: new Map([['handshake_displaced' as const, 3]]),
      }),
    },
  })
  settings.registry.restore(clusterOf([{ route: 'a' }, { route: 'ws', type: 'gopher' }]), 0)
  const counts = new ControlCounts()
  const text = new PrometheusText(settings, counts)
  const live = settings.live.of(1)
  live.elected = 5
  assert.match(
    (await text.body()).toString(),
    /^topspin_node_requests_total\{node="a",balancer="mycluster"\} 5$/m,
  )
  live.elected = 7
  counts.countMessage('PING', 'OK')
  counts.countRefusal('secret')
  const body = (await text.body()).toString()
  for (const line of [
    'topspin_node_requests_total{node="a",balancer="mycluster"} 7',
    'topspin_node_up{node="a",balancer="mycluster"} 1',
    'topspin_mcmp_messages_total{method="PING",result="OK"} 1',
    'topspin_control_refused_total{reason="secret"} 1',
    'topspin_retries_total 4',
    'topspin_refused_total{status="503"} 5',
    'topspin_refusals_total{reason="UPLOADS_FULL"} 5',
    'topspin_connections_closed_total{reason="handshake_displaced"} 3',
  ])
    assert.ok(body.split('\n').includes(line), line)
})

test('a node without a load factor and a node that cannot be used have no gauge of it', async () => {
  const { settings } = controlFixture()
  settings.registry.restore(clusterOf([{ route: 'a' }, { route: 'ws', type: 'gopher' }]), 0)
  const body = (await new PrometheusText(settings, new ControlCounts()).body()).toString()
  assert.match(body, /^# TYPE topspin_node_load_factor gauge$/m)
  assert.doesNotMatch(body, /topspin_node_load_factor\{/)
  assert.doesNotMatch(body, /node="ws"/)
})

test('the state file has samples only when there is one', async () => {
  const body = async (options: object) =>
    String(await new PrometheusText(controlFixture(options).settings, new ControlCounts()).body())
  const state = () => ({ file: 'f', reason: 'ENOSPC', writes: 1, failures: 2 })
  assert.doesNotMatch(await body({}), /^topspin_state/m)
  const text = await body({ state })
  assert.match(text, /^topspin_state_ok 0$/m)
  assert.match(text, /^topspin_state_failures_total 2$/m)
})

test('certificates are shown with their end, the first 200 to expire, and failed orders by name', async () => {
  const first = Date.parse('2030-01-01T00:00:00Z')
  const certificates = Array.from({ length: 300 }, (_, i) => ({
    names: [`n${i}.example`],
    source: 'acme' as const,
    key: 'acme',
    issuer: 'R3',
    notBefore: new Date(0).toISOString(),
    notAfter: new Date(first + (299 - i) * 1_000).toISOString(),
    renewal: { at: new Date(0).toISOString(), failures: 2, error: 'no route' },
  }))
  const { settings } = controlFixture({ certificates: () => certificates })
  const text = (await new PrometheusText(settings, new ControlCounts()).body()).toString()
  const rows = text.match(/^topspin_certificate_expiry_timestamp_seconds\{.*$/gm) ?? []
  assert.equal(rows.length, 200)
  assert.equal(
    rows[0],
    `topspin_certificate_expiry_timestamp_seconds{name="n299.example",source="acme",key="acme"} ${first / 1_000}`,
  )
  assert.match(text, /^topspin_acme_failures\{name="n0\.example"\} 2$/m)
})

test('every metric is described once, before its first sample, in both formats', async () => {
  const { settings } = controlFixture()
  settings.registry.restore(clusterOf([{ route: 'a' }]), 0)
  const text = new PrometheusText(settings, new ControlCounts())
  for (const format of ['text', 'openmetrics'] as const) {
    const lines = String(await text.body(format)).split('\n')
    const typed = lines
      .filter((line) => line.startsWith('# TYPE '))
      .map((line) => line.split(' ')[2])
    assert.equal(new Set(typed).size, typed.length)
    assert.ok(typed.includes('topspin_request_duration_seconds'), format)
    let family = ''
    for (const line of lines) {
      if (line.startsWith('# TYPE ')) family = line.split(' ')[2] as string
      else if (line !== '' && !line.startsWith('#')) assert.ok(line.startsWith(family), line)
    }
    assert.equal(lines.includes('# EOF'), format === 'openmetrics')
  }
})

test('what is not configured is described, too, so that alerts and dashboards find every name', async () => {
  const typesOf = async (options: object): Promise<readonly string[]> => {
    const text = new PrometheusText(controlFixture(options).settings, new ControlCounts())
    return String(await text.body()).match(/^# TYPE \S+/gm) ?? []
  }
  const sources = () => [{ name: 'dns a:1', reason: null, nodes: 1, failures: 0, problems: [] }]
  const state = () => ({ file: 'f', reason: null, writes: 1, failures: 0 })
  const engines = () => [
    { engine: 'haproxy', name: '', address: 'a', isConnected: true, isCurrent: true, problems: [] },
  ]
  const all = await typesOf({ sources, state, engines })
  for (const name of ['source_up', 'state_ok', 'engine_current', 'cluster_alone', 'acme_failures'])
    assert.ok(all.includes(`# TYPE topspin_${name}`), name)
  assert.deepEqual(await typesOf({}), all)
})

test('hostile names make no metric long, and no two rows with the same labels', async () => {
  const many = 3_000
  const names = Array.from({ length: many }, (_, i) => `"\\\n} 1\n{${i}`)
  const counted = <Key>(keys: readonly Key[]): Map<Key, number> =>
    new Map(keys.map((key) => [key, 1]))
  const requestTimes = new RequestTimes()
  for (const [at, name] of names.entries())
    requestTimes.add([
      { listener: `l${at % 500}`, balancer: `b${at}`, context: `/${name}`, growth: [2, 1] },
    ])
  const date = new Date(0).toISOString()
  const { settings } = controlFixture({
    traffic: {
      requestTimes: () => requestTimes,
      counts: () => ({
        ...newCounters(),
        refused: counted(names.map((_, at) => at)),
        refusedFor: counted(names),
        closedFor: counted(names) as never,
        candidacyFailures: counted(names),
      }),
    },
    // Twice the same name each.
    certificates: () =>
      names.map((name, at) => ({
        names: [at % 2 === 0 ? name : 'same.example'],
        source: 'acme' as const,
        key: 'acme',
        issuer: null,
        notBefore: date,
        notAfter: date,
        renewal: { at: date, failures: 1, error: null },
      })),
    sources: () =>
      [...names, ...names].map((name) => ({
        name,
        reason: null,
        failingMs: null,
        nodes: 1,
        failures: 1,
        problems: [],
      })),
    engines: () =>
      names.map((name) => ({
        engine: 'envoy' as const,
        name,
        address: name,
        isConnected: true,
        isCurrent: true,
        stateMs: 0,
        problems: [],
      })),
  })
  const counts = new ControlCounts()
  for (const name of names) {
    counts.countMessage(name, name)
    counts.countRefusal(name as never)
    counts.countCutStream(name as never)
  }
  const text = String(await new PrometheusText(settings, counts).body())
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const labels = rows.map((row) => row.slice(0, row.lastIndexOf(' ')))
  assert.equal(new Set(labels).size, labels.length)
  const families = new Map<string, number>()
  for (const row of rows) {
    // Labels that differ for each bucket of a histogram are ours.
    const family = row.slice(0, row.indexOf('{')).replace(/_bucket$/, '')
    const isBucket = row.includes('_bucket{') && !row.includes('le="+Inf"')
    if (!isBucket) families.set(family, (families.get(family) ?? 0) + 1)
  }
  const { contextsMax, listenersMax, rowsMax } = measureLimits
  for (const [family, size] of families) {
    const isByContext = /^topspin_(context|request)_/.test(family)
    // With one for `other`; _count, _sum and the last bucket have the name of the histogram in common.
    const most = isByContext ? contextsMax + listenersMax + 1 : rowsMax + 1
    assert.ok(size <= most, `${family} has ${size} rows`)
  }
  for (const row of [
    'topspin_refusals_total{reason="other"} 2700',
    'topspin_candidacy_failures_total{function="other"} 2700',
    'topspin_source_up{source="other"} 1',
    'topspin_source_failures_total{source="other"} 5400',
    'topspin_engine_current{engine="other",name="other",address="other"} 1',
    'topspin_mcmp_messages_total{method="other",result="other"} 2700',
  ])
    assert.ok(rows.includes(row), row)
})

test('times of a node are shown once it has answered', async () => {
  const { settings } = controlFixture()
  settings.registry.restore(clusterOf([{ route: 'a' }, { route: 'b' }]), 0)
  const times = newNodeTimes()
  settings.live.of(1).times = times
  times.count(200)
  times.observe(nodeHistograms.duration, 30)
  const body = (await new PrometheusText(settings, new ControlCounts()).body()).toString()
  const labels = 'node="a",balancer="mycluster"'
  for (const line of [
    `topspin_node_responses_total{${labels},status_class="2xx"} 1`,
    `topspin_node_response_duration_seconds_bucket{${labels},le="0.025"} 0`,
    `topspin_node_response_duration_seconds_bucket{${labels},le="0.05"} 1`,
    `topspin_node_response_duration_seconds_sum{${labels}} 0.03`,
  ])
    assert.ok(body.split('\n').includes(line), line)
  assert.doesNotMatch(body, /duration_seconds.*node="b"/)
})

test('a long scrape lets other work have its turn', async () => {
  let now = 0
  // Each look at the clock takes a millisecond.
  const { settings } = controlFixture({ clock: { now: () => now++, wall: () => 0 } })
  settings.registry.restore(
    clusterOf(Array.from({ length: 100 }, (_, i) => ({ route: `n${i}` }))),
    0,
  )
  let turns = 0
  const count = (): void => {
    turns++
    pending = setImmediate(count)
  }
  let pending = setImmediate(count)
  const text = new PrometheusText(settings, new ControlCounts())
  const [first, second] = await Promise.all([text.body(), text.body()])
  clearImmediate(pending)
  assert.ok(turns > 10, String(turns))
  assert.equal(first, second)
})
