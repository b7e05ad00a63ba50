import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acmeLimits } from '../../../../src/base/limits.ts'
import { renewalAt, retryMs } from '../../../../src/server/acme/schedule.ts'

const day = 86_400_000
const life = { notBefore: 0, notAfter: 90 * day }

test('a certificate is renewed at two thirds of its life, at most a twentieth of it earlier', () => {
  assert.equal(
    renewalAt(life, undefined, () => 0),
    60 * day,
  )
  assert.equal(
    renewalAt(life, undefined, () => 1),
    55.5 * day,
  )
})

test('renewBefore counts from the end, and no renewal begins in the first twentieth of the life', () => {
  assert.equal(
    renewalAt(life, 10 * day, () => 0),
    80 * day,
  )
  assert.equal(
    renewalAt(life, 1_000 * day, () => 1),
    4.5 * day,
  )
})

test('orders are repeated after twice the time of the last one, up to an hour', () => {
  const refused = { isUnreachable: false, retryAfterMs: 0 }
  const times = [1, 2, 3, 50].map((failures) => retryMs(refused, failures, () => 0))
  assert.deepEqual(times, [60_000, 120_000, 240_000, 3_600_000])
  assert.equal(
    retryMs(refused, 1, () => 1),
    75_000,
  )
})

test('an authority that does not answer is asked again sooner', () => {
  const unreachable = { isUnreachable: true, retryAfterMs: 0 }
  assert.equal(
    retryMs(unreachable, 1, () => 0),
    5_000,
  )
})

test('the time that the authority asks for is kept, up to a day', () => {
  const asked = (retryAfterMs: number): number =>
    retryMs({ isUnreachable: false, retryAfterMs }, 1, () => 0)
  assert.equal(asked(7_200_000), 7_200_000)
  assert.equal(asked(10 * day), acmeLimits.retryAfterMaxMs)
})
