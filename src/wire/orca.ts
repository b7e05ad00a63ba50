// The response header by which a node tells how busy it is, on every response: ORCA's
// `endpoint-load-metrics`, the form Envoy and gRPC know. The agent writes it, the proxy reads and
// strips it. Read on the hot path: one pass over the bytes, one object, no strings.

/** Name of the header field, in the lower case in which it is compared. */
export const loadReportField = 'endpoint-load-metrics'

/** Longest value that is looked at, in bytes; a longer one is no report. */
const valueBytesMax = 1024

/** What one header said. A figure that was not in it is `undefined`; none is negative or infinite. */
export interface LoadReport {
  /** Busy share of the processor, 0..1, above 1 where a node overcommits. */
  readonly cpuUtilization: number | undefined
  /** Used share of the memory, 0..1. */
  readonly memUtilization: number | undefined
  /** Used share of what the application itself calls its capacity; above 1 is allowed. */
  readonly applicationUtilization: number | undefined
  /** Requests a second. */
  readonly rpsFractional: number | undefined
  /** Errors a second. */
  readonly eps: number | undefined
  /** `named_metrics.in_flight`: requests at the node from everywhere, without the one being answered. */
  readonly inFlight: number | undefined
  /** `named_metrics.pace`: busy milliseconds per request. */
  readonly pace: number | undefined
}

type Figure = keyof LoadReport
type Open = { -readonly [figure in Figure]: number | undefined }

/** Wire names in the order in which they are written; what changes with every response comes last. */
const wireNames: readonly (readonly [Figure, string])[] = [
  ['cpuUtilization', 'cpu_utilization'],
  ['memUtilization', 'mem_utilization'],
  ['applicationUtilization', 'application_utilization'],
  ['rpsFractional', 'rps_fractional'],
  ['eps', 'eps'],
  ['pace', 'named_metrics.pace'],
  ['inFlight', 'named_metrics.in_flight'],
]
const encodedNames = wireNames.map(([, name]) => Uint8Array.from(Buffer.from(name)))

/**
 * The header value for a report, `TEXT name=value,...` with at most three decimals.
 * Throws a RangeError for a figure that is negative, infinite or not a number.
 */
export function writeLoadReport(report: Partial<LoadReport>): string {
  let text = ''
  for (const [figure, name] of wireNames) {
    const value = report[figure]
    if (value === undefined) continue
    text += `${text === '' ? 'TEXT ' : ','}${name}=${decimal(figure, value)}`
  }
  return text === '' ? 'TEXT ' : text
}

/**
 * The part of a header value that stays the same from response to response. With the number of
 * requests in flight put behind it, it is a whole value: `stem + inFlight`.
 */
export function writeLoadReportStem(report: Omit<Partial<LoadReport>, 'inFlight'>): string {
  return writeLoadReport({ ...report, inFlight: 0 }).slice(0, -1)
}

/**
 * Reads a header value: `TEXT` (with `=` or `:` between name and value) or `JSON`. `BIN`, a value
 * longer than 1 KiB, a bad or negative number and anything else malformed give `undefined`:
 * a report is advice, and bad advice is none. Unknown names are passed over, the last of two wins.
 */
export function parseLoadReport(value: Uint8Array | string): LoadReport | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (bytes.length > valueBytesMax) return undefined
  if (startsWith(bytes, 0x54, 0x45, 0x58, 0x54)) return parseText(bytes)
  if (startsWith(bytes, 0x4a, 0x53, 0x4f, 0x4e)) return parseJson(bytes)
  return undefined
}

/** Four letters and a space. */
function startsWith(bytes: Uint8Array, a: number, b: number, c: number, d: number): boolean {
  return bytes[0] === a && bytes[1] === b && bytes[2] === c && bytes[3] === d && bytes[4] === 0x20
}

function emptyReport(): Open {
  return {
    cpuUtilization: undefined,
    memUtilization: undefined,
    applicationUtilization: undefined,
    rpsFractional: undefined,
    eps: undefined,
    inFlight: undefined,
    pace: undefined,
  }
}

function parseText(bytes: Uint8Array): LoadReport | undefined {
  const report = emptyReport()
  let at = 5
  let index = -1
  while (at < bytes.length) {
    while (bytes[at] === 0x20) at++
    const nameAt = at
    // In our own order the next name is one of the few that follow, so no search for its end.
    index = indexOfName(bytes, nameAt, index + 1)
    if (index >= 0) at += encodedNames[index]!.length
    while (at < bytes.length && bytes[at] !== 0x3d && bytes[at] !== 0x3a && bytes[at] !== 0x2c) at++
    if (at === bytes.length || bytes[at] === 0x2c || at === nameAt) return undefined
    at++
    const valueAt = at
    while (at < bytes.length && bytes[at] !== 0x2c) at++
    const value = number(bytes, valueAt, at)
    if (value === undefined) return undefined
    setFigure(report, index, value)
    at++
  }
  return report
}

/** Index in `wireNames` of the name that stands at `from`, or -1. Looks from `hint` on, once round. */
function indexOfName(bytes: Uint8Array, from: number, hint: number): number {
  for (let step = 0, index = hint; step < encodedNames.length; step++, index++) {
    if (index >= encodedNames.length) index = 0
    const name = encodedNames[index]!
    const end = bytes[from + name.length]
    if (end !== 0x3d && end !== 0x3a) continue
    let same = 0
    while (same < name.length && name[same] === bytes[from + same]) same++
    if (same === name.length) return index
  }
  return -1
}

/** By index and with plain property names, which is several times faster than `report[figure]`. */
function setFigure(report: Open, index: number, value: number): void {
  if (index === 0) report.cpuUtilization = value
  else if (index === 1) report.memUtilization = value
  else if (index === 2) report.applicationUtilization = value
  else if (index === 3) report.rpsFractional = value
  else if (index === 4) report.eps = value
  else if (index === 5) report.pace = value
  else if (index === 6) report.inFlight = value
}

/**
 * Plain decimals of up to 15 digits by integer arithmetic, which rounds as `Number` does; longer ones
 * and exponents by `Number` itself.
 */
function number(bytes: Uint8Array, from: number, to: number): number | undefined {
  let digits = 0
  let whole = 0
  let decimals = -1
  let at = from
  for (; at < to; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) {
      whole = whole * 10 + (byte - 0x30)
      digits++
      if (decimals >= 0) decimals++
    } else if (byte === 0x2e && decimals < 0 && digits > 0) decimals = 0
    else break
  }
  if (at === to && digits > 0 && digits <= 15 && decimals !== 0) {
    return decimals < 0 ? whole : whole / tenTo[decimals]!
  }
  const text = String.fromCharCode(...bytes.subarray(from, to)).trim()
  return /^[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?$/.test(text)
    ? accepted(Number(text))
    : undefined
}

const tenTo: readonly number[] = Array.from({ length: 16 }, (_, power) => 10 ** power)

/** Standard fields at the top, ours below `named_metrics`; protobuf's JSON may spell either way. */
function parseJson(bytes: Uint8Array): LoadReport | undefined {
  let top: unknown
  try {
    top = JSON.parse(Buffer.from(bytes.subarray(5)).toString())
  } catch {
    return undefined
  }
  if (!isObject(top)) return undefined
  const named = top['named_metrics'] ?? top['namedMetrics']
  const report = emptyReport()
  for (const [figure, name] of wireNames) {
    const [head = '', below] = name.split('.')
    const value =
      below === undefined ? (top[head] ?? top[figure]) : isObject(named) ? named[below] : undefined
    if (value === undefined) continue
    const figureValue = typeof value === 'number' ? accepted(value) : undefined
    if (figureValue === undefined) return undefined
    report[figure] = figureValue
  }
  return report
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function accepted(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

function decimal(figure: Figure, value: number): string {
  const text = String(Math.round(value * 1000) / 1000)
  if (/^[0-9]{1,32}(\.[0-9]{1,3})?$/.test(text)) return text
  throw new RangeError(`a load report cannot carry ${figure} ${value}`)
}
