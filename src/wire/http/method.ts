// Properties of HTTP methods [RFC 9110 9.2]. Used where a request may have to be sent twice.

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Whether a request with this method may be sent again when it is unknown whether it was processed [RFC 9110 9.2.2].
 * TRACE is idempotent too, but never forwarded. Method names are case-sensitive.
 */
export const isIdempotent = (method: string): boolean => idempotent.has(method)
