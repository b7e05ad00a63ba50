// Reads the load report header of a response, for tests.

import assert from 'node:assert/strict'

/** Figures by their names on the wire. */
export function readLoadReport(value: unknown): ReadonlyMap<string, number> {
  const text = String(value)
  assert.match(text, /^TEXT ([a-z_.]+=\d+(\.\d{1,3})?)(,[a-z_.]+=\d+(\.\d{1,3})?)*$/)
  return new Map(
    text
      .slice('TEXT '.length)
      .split(',')
      .map((part) => part.split('=') as [string, string])
      .map(([name, figure]) => [name, Number(figure)] as const),
  )
}
