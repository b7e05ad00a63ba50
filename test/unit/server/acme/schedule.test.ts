import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acmeLimits } from '../../../../src/base/limits.ts'
import {
  infoAgainMs,
  patienceMs,
  renewalAt,
  renewalIn,
  retryMs,
} from '../../../../src/server/acme/schedule.ts'

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

test('a suggested window is followed at a random moment, but not into the last twentieth of the life', () => {
  const at = (start: number, end: number, random: number, renewBefore?: number): number =>
    renewalIn({ start: start * day, end: end * day }, life, renewBefore, () => random) / day
  assert.equal(at(50, 54, 0), 50)
  assert.equal(at(50, 54, 0.5), 52)
  assert.equal(at(-3, -2, 0.5), -2.5)
  assert.equal(at(89, 90, 0), 85.5)
  assert.equal(at(70, 72, 0, 30 * day), 60)
})

test('renewal information is asked for as often as the authority says, within a minute and a day', () => {
  const hours = [0, 1, 7_200_000, 10 * day].map((ms) => infoAgainMs(ms, () => 0))
  assert.deepEqual(hours, [21_600_000, 60_000, 7_200_000, day])
  assert.equal(
    infoAgainMs(0, () => 1),
    27_000_000,
  )
})

test('Retry-After is a number of seconds, or a date', () => {
  assert.equal(patienceMs('120', 0), 120_000)
  assert.equal(patienceMs('Thu, 01 Jan 1970 00:01:00 GMT', 20_000), 40_000)
  assert.equal(patienceMs('Thu, 01 Jan 1970 00:01:00 GMT', 90_000), 0)
  for (const header of ['', 'soon', '-1']) assert.ok(patienceMs(header, Date.now()) === 0, header)
})
