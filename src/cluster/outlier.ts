// A node that answers, but nothing else than errors: taken out of the choice for a while, the longer
// the more often it happens. Sessions that it has stay with it.

export interface Outlier {
  /** Answers of 500 and above in a row. */
  errors: number
  /** How often it was ejected without a good answer in between. */
  ejections: number
  /** Until when it is ejected, ms of the caller's clock; 0 when it is not. */
  until: number
}

export interface OutlierLimits {
  /** Answers of 500 and above in a row that eject a node; 0 turns ejection off. Default 20. */
  readonly errorsMax: number
  /** First ejection, ms; grows by as much each time. Default 5_000. */
  readonly ejectMs: number
  /** Longest ejection, ms. Default 60_000. */
  readonly ejectMaxMs: number
  /** Share of a balancer's nodes that may be ejected at once, 0..1. Default 0.5. */
  readonly shareMax: number
}

export const defaultOutlierLimits: OutlierLimits = {
  errorsMax: 20,
  ejectMs: 5_000,
  ejectMaxMs: 60_000,
  shareMax: 0.5,
}

export const newOutlier = (): Outlier => ({ errors: 0, ejections: 0, until: 0 })

export const isEjected = (outlier: Outlier): boolean => outlier.until !== 0

/** Notes an answer; true when the node has just earned its ejection. */
export function observeStatus(outlier: Outlier, status: number, limits: OutlierLimits): boolean {
  if (status < 500) {
    outlier.errors = 0
    if (outlier.until === 0) outlier.ejections = 0
    return false
  }
  outlier.errors++
  return limits.errorsMax > 0 && outlier.errors >= limits.errorsMax && outlier.until === 0
}

/**
 * Ejects a node, unless too many of its balancer are out already.
 * @param all the nodes of the balancer, this one included.
 */
export function eject(
  outlier: Outlier,
  all: readonly Outlier[],
  now: number,
  limits: OutlierLimits,
): boolean {
  const out = all.filter(isEjected).length
  if (out + 1 > all.length * limits.shareMax) return false
  outlier.ejections++
  outlier.errors = 0
  outlier.until = now + Math.min(limits.ejectMaxMs, limits.ejectMs * outlier.ejections)
  return true
}

/** Lets the node back in when its time is over; true when that has just happened. */
export function release(outlier: Outlier, now: number): boolean {
  if (outlier.until === 0 || now < outlier.until) return false
  outlier.until = 0
  return true
}
