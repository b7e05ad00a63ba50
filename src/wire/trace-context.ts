// The field `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/). Pure.

/** Bits of trace-flags. */
export const SAMPLED = 1

export interface TraceParent {
  /** 32 and 16 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string
  readonly spanId: string
  /** 0..255. */
  readonly flags: number
}

/** Version 00, and later ones by their beginning [3.2.4]. */
const form = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const zeros = /^0+$/
const lengthMax = 256

/** @returns undefined when the value is invalid: the trace begins anew. */
export function readTraceParent(value: string): TraceParent | undefined {
  if (value.length > lengthMax) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = form.exec(value) ?? []
  if (version === undefined || (version === '00' && more !== undefined)) return undefined
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

export const writeTraceParent = ({ traceId, spanId, flags }: TraceParent): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
