import assert from 'node:assert/strict'
import { test } from 'node:test'
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
    await text.body(),
    /^topspin_node_requests_total\{node="a",balancer="mycluster"\} 5$/m,
  )
  live.elected = 7
  counts.countMessage('PING', 'OK')
  counts.countRefusal('secret')
  const body = await text.body()
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
  const body = await new PrometheusText(settings, new ControlCounts()).body()
  assert.doesNotMatch(body, /topspin_node_load_factor\{/)
  assert.doesNotMatch(body, /node="ws"/)
})

test('the state file has metrics only when there is one', async () => {
  const body = (options: object) =>
    new PrometheusText(controlFixture(options).settings, new ControlCounts()).body()
  const state = () => ({ file: 'f', reason: 'ENOSPC', writes: 1, failures: 2 })
  assert.doesNotMatch(await body({}), /topspin_state/)
  const text = await body({ state })
  assert.match(text, /^topspin_state_ok 0$/m)
  assert.match(text, /^topspin_state_failures_total 2$/m)
})
