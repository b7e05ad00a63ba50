// The redirect of requests without TLS to HTTPS. Pure.

import { escapedTarget } from '../../wire/http/escaped-target.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'

export interface HttpsRedirect {
  /** 308 keeps the method [RFC 9110 15.4.9]; many clients change it to GET with 301. */
  readonly status: 301 | 308
  /** Where clients reach the proxy over TLS. */
  readonly port: number
}

/** The location: the same host, path and query; undefined where the request names no host. */
export function httpsLocation(
  { fields: { bytes }, hostFrom, hostTo, targetFrom, targetTo }: RequestHead,
  { port }: HttpsRedirect,
): string | undefined {
  if (hostFrom === hostTo) return undefined
  const host = hostWithoutPort(text(bytes, hostFrom, hostTo))
  const target = escapedTarget(text(bytes, targetFrom, targetTo))
  const path = target.startsWith('/') ? target : `/${target.startsWith('?') ? target : ''}`
  return `https://${host}${port === 443 ? '' : `:${port}`}${path}`
}
