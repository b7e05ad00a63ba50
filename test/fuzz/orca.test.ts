import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLoadReport, writeLoadReport } from '../../src/wire/orca.ts'

const figure = fc.option(fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })), {
  nil: undefined,
})
const report = fc.record({
  cpuUtilization: figure,
  memUtilization: figure,
  applicationUtilization: figure,
  rpsFractional: figure,
  eps: figure,
  inFlight: figure,
  pace: figure,
})

test('whatever is written reads back, to three decimals', () => {
  fc.assert(
    fc.property(report, (given) => {
      const read = parseLoadReport(Buffer.from(writeLoadReport(given)))
      assert.ok(read)
      for (const [name, value] of Object.entries(given)) {
        const want = value === undefined ? undefined : Math.round(value * 1000) / 1000
        assert.equal(read[name as keyof typeof read], want)
      }
    }),
  )
})

test('no bytes make the reader throw, or let a figure through that is no finite number from 0 up', () => {
  const piece = fc.constantFrom(
    'TEXT ',
    'JSON ',
    'BIN ',
    'eps',
    '=',
    ':',
    ',',
    '{',
    '"',
    '1',
    '.',
    'e',
    '-',
    ' ',
  )
  const text = fc
    .array(fc.oneof(piece, fc.string({ unit: 'binary' })))
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.constantFrom('', 'TEXT ', 'JSON '), text, (form, rest) => {
      const read = parseLoadReport(Buffer.from(form + rest))
      for (const value of Object.values(read ?? {})) {
        assert.ok(value === undefined || (Number.isFinite(value) && value >= 0))
      }
    }),
  )
})
