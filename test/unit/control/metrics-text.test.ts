import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRequestTimes, requestHistograms } from '../../../src/cluster/times.ts'
import {
  formatFor,
  HistogramText,
  headText,
  labelsText,
} from '../../../src/control/metrics-text.ts'

test('OpenMetrics is written for those who ask for it and do not prefer plain text', () => {
  for (const [accept, format] of [
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1',
      'openmetrics',
    ],
    ['application/openmetrics-text;q=0.2, text/plain;q=0.7', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=x', 'text'],
    ['application/openmetrics-textile', 'text'],
  ] as const)
    assert.equal(formatFor(accept), format, accept)
})

test('names of a counter in OpenMetrics lose _total where the metric is described', () => {
  const head = { name: 'a_total', type: 'counter', help: 'Line\n\\end.' } as const
  assert.equal(headText(head, 'text'), '# HELP a_total Line\\n\\\\end.\n# TYPE a_total counter\n')
  assert.match(headText(head, 'openmetrics'), /^# HELP a Line.*\n# TYPE a counter\n$/)
})

test('values of labels cannot end the label or the line', () => {
  assert.equal(labelsText({ a: 'x"\\\n', b: 1 }), 'a="x\\"\\\\\\n",b="1"')
})

test('buckets of a histogram are cumulative, and times are seconds', () => {
  const times = newRequestTimes()
  for (const value of [1, 1, 2, 9]) times.observe(requestHistograms.attempts, value)
  times.observe(requestHistograms.duration, 1_500)
  const attempts = new HistogramText('n', requestHistograms.attempts, 1, 'openmetrics', false)
  assert.equal(
    attempts.text('c="/"', times),
    [
      'n_bucket{c="/",le="0.0"} 0',
      'n_bucket{c="/",le="1.0"} 2',
      'n_bucket{c="/",le="2.0"} 3',
      'n_bucket{c="/",le="3.0"} 3',
      'n_bucket{c="/",le="5.0"} 3',
      'n_bucket{c="/",le="+Inf"} 4',
      'n_sum{c="/"} 13',
      'n_count{c="/"} 4',
      '',
    ].join('\n'),
  )
  const seconds = new HistogramText('s', requestHistograms.duration, 1_000, 'text', true)
  const text = seconds.text('c="/"', times)
  for (const line of ['s_bucket{c="/",le="1"} 0', 's_bucket{c="/",le="2.5"} 1', 's_sum{c="/"} 1.5'])
    assert.ok(text.split('\n').includes(line), line)
})

test('a bucket names the trace of its last traced request, in OpenMetrics alone', () => {
  const times = newRequestTimes()
  const { duration } = requestHistograms
  times.observe(duration, 67)
  times.exemplify(duration, { traceId: 'a'.repeat(32), value: 67, at: 1_520_879_607_789 })
  const line = (format: 'text' | 'openmetrics'): string | undefined =>
    new HistogramText('s', duration, 1_000, format, true)
      .text('c="/"', times)
      .split('\n')
      .find((text) => text.includes('le="0.1"'))
  const plain = 's_bucket{c="/",le="0.1"} 1'
  assert.equal(line('text'), plain)
  assert.equal(
    line('openmetrics'),
    `${plain} # {trace_id="${'a'.repeat(32)}"} 0.067 1520879607.789`,
  )
})
