import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beatsPerPeriod } from '../../../../src/peer/membership/beats.ts'

test('who is heard speaks once a period, and the more often the more is lost', () => {
  const beats = [0, 0.0005, 0.01, 0.1, 0.3, 0.5, 0.9, 1].map(beatsPerPeriod)
  assert.deepEqual(beats, [1, 1, 2, 3, 6, 8, 8, 8])
})
