import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type LoadReport,
  parseLoadReport,
  writeLoadReport,
  writeLoadReportStem,
} from '../../../src/wire/orca.ts'

const nothing: LoadReport = {
  cpuUtilization: undefined,
  memUtilization: undefined,
  applicationUtilization: undefined,
  rpsFractional: undefined,
  eps: undefined,
  inFlight: undefined,
  pace: undefined,
}

test('a report reads back as it was written', () => {
  const report = { cpuUtilization: 0.71, rpsFractional: 160, inFlight: 5, pace: 18.4 }
  const text = writeLoadReport(report)
  assert.equal(
    text,
    'TEXT cpu_utilization=0.71,rps_fractional=160,named_metrics.pace=18.4,named_metrics.in_flight=5',
  )
  assert.deepEqual(parseLoadReport(text), { ...nothing, ...report })
  assert.deepEqual(parseLoadReport(Buffer.from(text)), { ...nothing, ...report })
})

test('a stem and a number in flight make a whole value', () => {
  const stem = writeLoadReportStem({ pace: 2.5 })
  assert.equal(`${stem}${12}`, writeLoadReport({ pace: 2.5, inFlight: 12 }))
  assert.equal(`${writeLoadReportStem({})}${0}`, 'TEXT named_metrics.in_flight=0')
})

test('every figure has its own name', () => {
  const report: LoadReport = {
    cpuUtilization: 1,
    memUtilization: 2,
    applicationUtilization: 3,
    rpsFractional: 4,
    eps: 5,
    inFlight: 6,
    pace: 7,
  }
  assert.deepEqual(parseLoadReport(writeLoadReport(report)), report)
})

test('a colon between name and value is read like an equals sign, spaces are allowed', () => {
  assert.deepEqual(parseLoadReport('TEXT cpu_utilization:0.3, mem_utilization:0.8'), {
    ...nothing,
    cpuUtilization: 0.3,
    memUtilization: 0.8,
  })
})

test('JSON is read in both spellings, with the named metrics below', () => {
  const want = { ...nothing, cpuUtilization: 0.3, rpsFractional: 12, inFlight: 4 }
  const snake = '{"cpu_utilization":0.3,"rps_fractional":12,"named_metrics":{"in_flight":4,"x":1}}'
  const camel = '{"cpuUtilization":0.3,"rpsFractional":12,"namedMetrics":{"in_flight":4}}'
  assert.deepEqual(parseLoadReport(`JSON ${snake}`), want)
  assert.deepEqual(parseLoadReport(`JSON ${camel}`), want)
})

test('unknown names are passed over and the last of two wins', () => {
  assert.deepEqual(parseLoadReport('TEXT utilization.disk=0.9,named_metrics.kv=1,eps=1,eps=2'), {
    ...nothing,
    eps: 2,
  })
})

test('exponents and long numbers read as Number reads them', () => {
  assert.equal(parseLoadReport('TEXT named_metrics.pace=1.5e2')?.pace, 150)
  const long = '0.12345678901234567890'
  assert.equal(parseLoadReport(`TEXT named_metrics.pace=${long}`)?.pace, Number(long))
})

test('what is malformed is no report', () => {
  const bad = [
    '',
    'TEXT',
    'text eps=1',
    'BIN CAESAAA=',
    'TEXT eps',
    'TEXT eps=',
    'TEXT =1',
    'TEXT eps=1,,pace=2',
    'TEXT eps=-1',
    'TEXT eps=NaN',
    'TEXT eps=Infinity',
    'TEXT eps=0x10',
    'TEXT eps=1e999',
    'TEXT eps=1.',
    'TEXT eps=.5',
    'TEXT eps=1.2.3',
    `TEXT eps=${'1'.repeat(2000)}`,
    'JSON {"eps":-1}',
    'JSON {"eps":"1"}',
    'JSON [1]',
    'JSON null',
    'JSON {',
  ]
  for (const value of bad) assert.equal(parseLoadReport(value), undefined, value)
})

test('a figure that no reader would take is not written', () => {
  for (const pace of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
    assert.throws(() => writeLoadReport({ pace }), RangeError)
  }
})
