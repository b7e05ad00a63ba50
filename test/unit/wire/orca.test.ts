import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LoadReport, writeLoadReport, writeLoadReportStem } from '../../../src/wire/orca.ts'
import { readLoadReport } from '../../support/load-report.ts'

const nothing: LoadReport = {
  cpuUtilization: undefined,
  applicationUtilization: undefined,
  rpsFractional: undefined,
  eps: undefined,
}

test('a load report has every known figure by its name in ORCA, to three decimals', () => {
  const stem = writeLoadReportStem({
    cpuUtilization: 0.71,
    applicationUtilization: 0.123_456,
    rpsFractional: 160,
    eps: 0,
  })
  assert.equal(
    writeLoadReport(stem, 5, 18.4),
    'TEXT cpu_utilization=0.71,application_utilization=0.123,rps_fractional=160,eps=0,named_metrics.in_flight=5,named_metrics.delay=18.4',
  )
})

test('figures that are not known are left out', () => {
  const text = writeLoadReport(writeLoadReportStem(nothing), 0, 0)
  assert.equal(text, 'TEXT named_metrics.in_flight=0')
  assert.deepEqual([...readLoadReport(text)], [['named_metrics.in_flight', 0]])
})

test('a figure that no reader accepts is refused', () => {
  for (const rpsFractional of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
    assert.throws(() => writeLoadReportStem({ ...nothing, rpsFractional }), RangeError)
  }
})
