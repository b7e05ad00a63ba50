// The response header by which a node reports its load with every response: ORCA's `endpoint-load-metrics` in its text
// form, which Envoy and gRPC read. The agent writes it; the proxy removes it. Written on the hot path of a node.

/** Name of the header field, in the lower case in which it is compared. */
export const loadReportField = 'endpoint-load-metrics'

/** The figures that stay the same from response to response for a while; `undefined`: not known. */
export interface LoadReport {
  /** Busy share of the processors, 0..1. */
  readonly cpuUtilization: number | undefined
  /** Busy share of the server's capacity, 0..1: Envoy and gRPC weight a server by it. */
  readonly applicationUtilization: number | undefined
  /** Requests a second. */
  readonly rpsFractional: number | undefined
  /** Errors a second. */
  readonly eps: number | undefined
}

const wireNames: readonly (readonly [keyof LoadReport, string])[] = [
  ['cpuUtilization', 'cpu_utilization'],
  ['applicationUtilization', 'application_utilization'],
  ['rpsFractional', 'rps_fractional'],
  ['eps', 'eps'],
]

/**
 * The header value up to the number in flight, which `writeLoadReport` adds: `TEXT name=value,...`, at most three decimals.
 * @throws RangeError for a figure that is negative, infinite or not a number.
 */
export function writeLoadReportStem(report: LoadReport): string {
  let text = 'TEXT '
  for (const [figure, name] of wireNames) {
    const value = report[figure]
    if (value !== undefined) text += `${name}=${decimal(figure, value)},`
  }
  return `${text}named_metrics.in_flight=`
}

/**
 * The whole header value.
 * @param stem as `writeLoadReportStem` returns it. @param inFlight other requests at the server, without long ones.
 * @param delayMs expected time of one more request, `named_metrics.delay`; 0 while it is not known.
 */
export function writeLoadReport(stem: string, inFlight: number, delayMs: number): string {
  if (delayMs === 0) return stem + inFlight
  return `${stem}${inFlight},named_metrics.delay=${thousandths(delayMs)}`
}

const thousandths = (value: number): number => Math.round(value * 1000) / 1000

function decimal(figure: string, value: number): string {
  const text = String(thousandths(value))
  if (/^[0-9]{1,32}(\.[0-9]{1,3})?$/.test(text)) return text
  throw new RangeError(`a load report cannot carry ${figure} ${value}`)
}
