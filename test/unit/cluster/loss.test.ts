import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Loss } from '../../../src/cluster/loss.ts'
import { seededRandom } from '../../support/seeded-random.ts'

test('numbers are new, late or double, up to 31 behind the highest', () => {
  const loss = new Loss(10)
  const arrivals = [11, 11, 14, 12, 12, 13, 10, 50, 19, 18, 20].map((n) => loss.arrived(n))
  assert.deepEqual(arrivals, [
    ...['new', 'double', 'new', 'late', 'double', 'late', 'double', 'new'],
    ...['late', 'double', 'late'],
  ])
})

test('the share is close to what is lost, duplicates aside, and 0 without loss', () => {
  const random = seededRandom(7)
  for (const lost of [0, 0.1, 0.5]) {
    const loss = new Loss(1)
    let sum = 0
    for (let number = 2; number < 3_000; number++) {
      if (random() >= lost) {
        loss.arrived(number)
        loss.arrived(number)
      }
      sum += loss.share
    }
    assert.ok(Math.abs(sum / 3_000 - lost) < 0.07, `${lost}: ${sum / 3_000}`)
  }
})

test('late numbers stop counting as lost', () => {
  const loss = new Loss(1)
  for (let number = 2; number < 200; number += 2) {
    loss.arrived(number + 1)
    loss.arrived(number)
  }
  assert.ok(loss.share < 0.1, `${loss.share}`)
})
