import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsFrom, newCounters, plainCounts, sumOf } from '../../../src/cluster/traffic-counts.ts'

test('the counts of several processes are added up, refusals by status', () => {
  const one = { ...newCounters(), requests: 3, cut: 1, refused: new Map([[503, 2]]) }
  const refused = new Map([
    [503, 1],
    [408, 5],
  ])
  const other = { ...newCounters(), requests: 4, retries: 7, refused }
  const sum = sumOf([one, other])
  assert.deepEqual(sum, {
    ...newCounters(),
    requests: 7,
    retries: 7,
    cut: 1,
    refused: new Map([
      [503, 3],
      [408, 5],
    ]),
  })
  assert.deepEqual(one.refused, new Map([[503, 2]]))
})

test('counts survive JSON', () => {
  const counts = { ...newCounters(), connections: 9, refused: new Map([[504, 1]]) }
  assert.deepEqual(countsFrom(JSON.parse(JSON.stringify(plainCounts(counts)))), counts)
})
