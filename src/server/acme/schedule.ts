// When a certificate is renewed, and when a failed order is repeated. Pure.

import type { Random } from '../../base/clock.ts'
import { acmeLimits } from '../../base/limits.ts'

interface Life {
  /** Wall clock, ms. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * Wall clock ms: `renewBefore` before the end, by default at two thirds of the life; up to a twentieth of the life
 * earlier, so that proxies and certificates do not renew all at once.
 */
export function renewalAt(
  { notBefore, notAfter }: Life,
  renewBefore: number | undefined,
  random: Random,
): number {
  const life = notAfter - notBefore
  const wanted = notAfter - Math.min(renewBefore ?? life / 3, (life * 9) / 10)
  return wanted - (random() * life) / 20
}

/** Why an order has failed. */
interface Failure {
  /** No answer came: nothing counts against the limits of the authority. */
  readonly isUnreachable: boolean
  /** What the authority has asked for, ms; 0: nothing. */
  readonly retryAfterMs: number
}

/** Time until the next order, ms. @param failures in a row, this one included: 1 or more. */
export function retryMs(
  { isUnreachable, retryAfterMs }: Failure,
  failures: number,
  random: Random,
): number {
  const { unreachableMs, refusedMs, backoffMaxMs, retryAfterMaxMs } = acmeLimits
  const first = isUnreachable ? unreachableMs : refusedMs
  const backoff = Math.min(first * 2 ** Math.min(failures - 1, 20), backoffMaxMs)
  return Math.max(backoff * (1 + random() / 4), Math.min(retryAfterMs, retryAfterMaxMs))
}

/** When the authority suggests to renew, wall clock ms. */
export interface RenewalWindow {
  readonly start: number
  readonly end: number
}

/**
 * Wall clock ms: a moment of the window [RFC 9773 4.2], but not so late that a failed order could not be repeated, and not
 * later than `renewBefore` asks for.
 */
export function renewalIn(
  { start, end }: RenewalWindow,
  { notBefore, notAfter }: Life,
  renewBefore: number | undefined,
  random: Random,
): number {
  const latest = notAfter - Math.max(renewBefore ?? 0, (notAfter - notBefore) / 20)
  return Math.min(start + random() * (end - start), latest)
}

/** When renewal information is asked for again, ms from now. @param asked for by the authority; 0: nothing. */
export function infoAgainMs(askedMs: number, random: Random): number {
  const { infoMinMs, infoMs, infoMaxMs } = acmeLimits
  const ms = askedMs === 0 ? infoMs : Math.min(Math.max(askedMs, infoMinMs), infoMaxMs)
  return ms * (1 + random() / 4)
}

/** Retry-After in ms from now: seconds or a date [RFC 9110 10.2.3]; 0 for anything else. */
export function patienceMs(header: string, now: number): number {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000
  const at = Date.parse(header)
  return Number.isNaN(at) ? 0 : Math.max(0, at - now)
}
