// Outlier ejection: a node with many errors while the other nodes have few is not chosen for a while, longer each time. Its own
// sessions stay with it. Errors are counted over a window and compared with the other nodes, because errors that a client
// can provoke come from all nodes alike.

export interface Outlier {
  /** Responses and failed attempts, and the errors among them, in this half of the window and in the one before. */
  responses: number
  errors: number
  responsesBefore: number
  errorsBefore: number
  /** End of this half, ms of the caller's clock. */
  halfEnds: number
  /** Ejections without a half window of few errors in between. */
  ejections: number
  /** End of the ejection, ms of the caller's clock; 0 when it is not ejected. */
  until: number
}

export interface OutlierLimits {
  /** Window over which responses are counted, ms. Default 10 000. */
  readonly windowMs: number
  /** Fewest responses in the window for an ejection; 0 disables ejection. Default 20. */
  readonly responsesMin: number
  /** Lowest share of errors among the responses of a node for an ejection, 0..1. Default 0.5. */
  readonly errorShare: number
  /** How far its share has to exceed that of all other nodes together, 0..1. Default 0.3. */
  readonly excess: number
  /** Length of the first ejection, ms; each further one is longer by as much. Default 5000. */
  readonly ejectMs: number
  /** Longest ejection, ms. Default 60 000. */
  readonly ejectMaxMs: number
  /** Share of a balancer's nodes that may be ejected at once, 0..1. Default 0.5. */
  readonly shareMax: number
}

export const defaultOutlierLimits: OutlierLimits = {
  windowMs: 10_000,
  responsesMin: 20,
  errorShare: 0.5,
  excess: 0.3,
  ejectMs: 5_000,
  ejectMaxMs: 60_000,
  shareMax: 0.5,
}

export const newOutlier = (): Outlier => ({
  responses: 0,
  errors: 0,
  responsesBefore: 0,
  errorsBefore: 0,
  halfEnds: 0,
  ejections: 0,
  until: 0,
})

export const isEjected = (outlier: Outlier): boolean => outlier.until !== 0

/** Whether a status means that the node cannot serve; others, such as 500 and 501, concern one request. */
export const isNodeError = (status: number): boolean =>
  status === 502 || status === 503 || status === 504

/**
 * Counts a response, or an attempt that failed at the node.
 * @returns whether the node is to be compared with the others (`eject`).
 */
export function observe(
  outlier: Outlier,
  isError: boolean,
  now: number,
  limits: OutlierLimits,
): boolean {
  if (now >= outlier.halfEnds) turnHalf(outlier, now, limits)
  outlier.responses++
  if (!isError) return false
  outlier.errors++
  const { responsesMin, errorShare } = limits
  const responses = outlier.responses + outlier.responsesBefore
  if (responsesMin === 0 || responses < responsesMin || outlier.until !== 0) return false
  return outlier.errors + outlier.errorsBefore >= errorShare * responses
}

function turnHalf(outlier: Outlier, now: number, limits: OutlierLimits): void {
  const half = limits.windowMs / 2
  const isNext = now < outlier.halfEnds + half
  outlier.responsesBefore = isNext ? outlier.responses : 0
  outlier.errorsBefore = isNext ? outlier.errors : 0
  const wasGood =
    outlier.responses > 0 && outlier.errors < (limits.errorShare / 2) * outlier.responses
  if (wasGood && outlier.until === 0) outlier.ejections = 0
  outlier.responses = outlier.errors = 0
  outlier.halfEnds = now + half
}

/**
 * Ejects a node, unless the others fail too or too many of its balancer are ejected already.
 * @param all the nodes of the balancer, this one included.
 * @returns whether it was ejected.
 */
export function eject(
  outlier: Outlier,
  all: readonly Outlier[],
  now: number,
  limits: OutlierLimits,
): boolean {
  const out = all.filter(isEjected).length
  if (out + 1 > all.length * limits.shareMax) return false
  const others = all.filter((other) => other !== outlier && !isEjected(other))
  if (shareOf([outlier]) - shareOf(others) < limits.excess) return false
  outlier.ejections++
  outlier.responses = outlier.errors = outlier.responsesBefore = outlier.errorsBefore = 0
  outlier.until = now + Math.min(limits.ejectMaxMs, limits.ejectMs * outlier.ejections)
  return true
}

/** Share of errors among all responses of these nodes in the window; 0 without responses. */
function shareOf(outliers: readonly Outlier[]): number {
  let responses = 0
  let errors = 0
  for (const outlier of outliers) {
    responses += outlier.responses + outlier.responsesBefore
    errors += outlier.errors + outlier.errorsBefore
  }
  return responses === 0 ? 0 : errors / responses
}

/** Ends an ejection whose time is over. @returns whether it ended now. */
export function readmit(outlier: Outlier, now: number): boolean {
  if (outlier.until === 0 || now < outlier.until) return false
  outlier.until = 0
  return true
}
