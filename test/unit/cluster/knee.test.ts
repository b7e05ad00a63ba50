// The estimate of how many requests a server processes concurrently, from counts alone.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Knee } from '../../../src/cluster/knee.ts'
import { observed } from '../../support/observed-server.ts'

/** One answer for each number in hand, as a server gives it that works on so many at once. @returns the knee after. */
function feed(knee: Knee, counts: readonly number[], works: number): number {
  for (const count of counts) {
    knee.spent(count, 10 / Math.min(count, works))
    knee.answered(count)
  }
  return knee.value
}

const upAndDown = [1, 2, 4, 8, 8, 6, 4, 2]

describe('the knee of a simulated server at 80 %, after 3,000 answers', () => {
  const cases = [
    { workers: 1, least: 1, most: 1 },
    { workers: 2, least: 2, most: 2 },
    { workers: 4, least: 3, most: 4 },
    { workers: 8, least: 5.5, most: 7.5 },
    { workers: 32, least: 19, most: 38 },
  ]
  for (const queues of [true, false]) {
    for (const { workers, least, most } of cases) {
      const kind = queues ? 'a queue for' : 'requests that share'
      test(`is ${least} to ${most} with ${kind} ${workers} workers, and ms is right`, () => {
        for (const seed of [1, 2]) {
          const { room, now, highest } = observed({ workers, queues }, 0.8, 3_000, seed)
          assert.ok(room.knee >= least && room.knee <= most, `knee ${room.knee}`)
          assert.ok(room.knee <= highest, `${highest} were ever in hand`)
          const times = room.ms(now) / 20
          assert.ok(times > 0.75 && times < 1.15, `${times} times the true ms`)
        }
      })
    }
  }

  test('is at 30 % no more than was needed', () => {
    for (const seed of [1, 2]) {
      const { room } = observed({ workers: 32, queues: true }, 0.3, 3_000, seed)
      assert.ok(room.knee >= 10 && room.knee <= 19, `knee ${room.knee}`)
    }
  })
})

describe('an estimate of the knee', () => {
  test('comes every 16 answers, once there are 20', () => {
    const knee = new Knee()
    const counts = Array.from({ length: 31 }, (_, at) => (at % 2 === 0 ? 1 : 4))
    assert.equal(feed(knee, counts, 4), 1)
    assert.equal(feed(knee, [4], 4), 3)
  })

  test('is never above the highest number in hand', () => {
    assert.equal(feed(new Knee(), Array(320).fill(1), 100), 1)
    assert.equal(feed(new Knee(), Array(320).fill([1, 2, 3]).flat(), 100), 3)
  })

  test('is the smallest knee whose likelihood is close to the best', () => {
    // With two in hand it answers by so much faster than with one; the log likelihoods differ by 0.74 and by 1.26.
    const kneeAt = (faster: number): number => {
      const knee = new Knee()
      for (let pair = 0; pair < 16; pair++) {
        knee.spent(1, 10)
        knee.answered(1)
        knee.spent(2, 10 / faster)
        knee.answered(2)
      }
      return knee.value
    }
    assert.equal(kneeAt(1.62), 1)
    assert.equal(kneeAt(1.78), 2)
  })

  test('follows a server that has changed within some hundred answers, however long it was the same', () => {
    const knee = new Knee()
    while (feed(knee, upAndDown, 8) !== 7.5);
    for (let round = 0; round < 100; round++) feed(knee, upAndDown, 8)
    let answers = 0
    while (knee.value > 1) {
      feed(knee, upAndDown, 1)
      answers += upAndDown.length
    }
    assert.ok(answers >= 300 && answers <= 400, `${answers} answers`)
  })

  test('returns by how much the time at work changes, so that the time of a request fits', () => {
    const knee = new Knee()
    let busy = 0
    let change = 1
    for (let pair = 0; pair < 16; pair++) {
      for (const count of [1, 4]) {
        knee.spent(count, 40 / count)
        busy += (40 / count) * Math.min(count, 1)
        change *= knee.answered(count)
      }
    }
    assert.equal(knee.value, 3)
    // 16 times 40 ms with one, and 16 times 10 ms with four: each worth three from now on.
    assert.equal(busy, 16 * 50)
    assert.ok(Math.abs(busy * change - 16 * 70) < 1e-6)
  })

  test('begins anew after `forget`, and the knee stays until then', () => {
    const knee = new Knee()
    for (let round = 0; round < 20; round++) feed(knee, upAndDown, 8)
    knee.forget()
    assert.equal(feed(knee, Array(31).fill(1), 8), 7.5)
    assert.equal(feed(knee, [1], 8), 1)
  })
})
