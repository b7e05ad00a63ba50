// The Location of a redirect, in the format of `redirectToName` and `redirectToIp`:
//   [SCHEME://]HOST[:PORT], with %N for the chosen server's name, %A its address, %P its port, %S its scheme, %H the host
//   of the request, %% a percent sign; %2N is the first two labels of the name, %-2N the last two.
// Path and query of the request are appended. SCHEME and PORT default to those of the chosen server.

import { hostText } from '../base/host-port.ts'
import type { Candidate } from '../cluster/routes.ts'

/** A part of a format: text, or a placeholder with the number of labels that are used of it (see `labelsOf`). */
type Part = string | { readonly name: 'N' | 'A' | 'P' | 'S' | 'H'; readonly labels: number }

export interface LocationFormat {
  readonly parts: readonly Part[]
  readonly hasScheme: boolean
  readonly hasPort: boolean
}

/** @returns the format, or an error message. */
export function readLocationFormat(text: string): LocationFormat | string {
  const parts: Part[] = []
  for (const [piece] of text.matchAll(/%(?:-?[1-9])?[NAPSH]|%%|%|[^%]+/g)) {
    const token = /^%(-?[1-9])?([NAPSH])$/.exec(piece)
    if (token !== null) {
      const name = token[2] as 'N' | 'A' | 'P' | 'S' | 'H'
      if (token[1] !== undefined && name !== 'N' && name !== 'H')
        return `${piece} has no labels: only %N and %H do`
      parts.push({ name, labels: Number(token[1] ?? 0) })
    } else if (piece === '%')
      return '% must be followed by N, A, P, S, H (%N and %H also with a number) or %'
    else if (piece !== '%%' && !/^[\w.:/[\]-]+$/.test(piece))
      return `${piece} cannot be part of a host`
    else parts.push(piece === '%%' ? '%' : piece)
  }
  const plain = parts.map((part) => (typeof part === 'string' ? part : part.name)).join('')
  const hasScheme = plain.includes('://')
  const place = hasScheme ? plain.slice(plain.indexOf('://') + 3) : plain
  if (place === '' || place.includes('/')) return 'the host is missing, or a path follows'
  if (hasScheme && !/^(?:https?|S):\/\//.test(plain)) return 'the scheme is http, https or %S'
  return { parts, hasScheme, hasPort: /:(?:\d+|P)$/.test(place) }
}

/**
 * The value of `Location`.
 * @param host of the request, without port.
 * @param target path and query as received.
 * @returns `undefined` when the result is no valid URL, for example because the name of the server is no host name; the
 *   request is proxied then.
 */
export function locationOf(
  format: LocationFormat,
  chosen: Candidate,
  host: string,
  target: string,
): string | undefined {
  if (!target.startsWith('/') || /[^\x21-\x7e]/.test(target)) return undefined
  const server = serverOf(chosen)
  if (server === undefined) return undefined
  const figures = { N: server.name, A: server.host, P: `${server.port}`, S: server.scheme, H: host }
  const text = format.parts
    .map((part) =>
      typeof part === 'string' ? part : labelsOf(hostText(figures[part.name]), part.labels),
    )
    .join('')
  const scheme = format.hasScheme ? '' : `${server.scheme}://`
  const usual = server.scheme === 'https' ? 443 : 80
  const port = format.hasPort || server.port === usual ? '' : `:${server.port}`
  const place = `${scheme}${text}${port}`
  return isPlace.test(place) ? `${place}${target}` : undefined
}

const isPlace =
  /^https?:\/\/(?:[A-Za-z0-9_](?:[\w.-]{0,252})|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/

interface Server {
  readonly scheme: string
  readonly name: string
  readonly host: string
  readonly port: number
}

/** A peer's name without the port that default names have; `undefined` for a node that clients cannot reach by HTTP. */
function serverOf({ node, peer }: Candidate): Server | undefined {
  if (peer === undefined) {
    const { type, host, port } = node
    const scheme = schemeOf.get(type)
    return scheme === undefined ? undefined : { scheme, name: host, host, port }
  }
  const { scheme, name, host, port } = peer.announcement
  return { scheme, name: name.replace(/:\d{1,5}$/, ''), host, port }
}

const schemeOf: ReadonlyMap<string, string> = new Map([
  ['http', 'http'],
  ['ws', 'http'],
  ['https', 'https'],
  ['wss', 'https'],
  ['h2', 'https'],
])

/** The first labels of a name; the last ones when `count` is negative; all when it is 0. */
function labelsOf(name: string, count: number): string {
  if (count === 0) return name
  const labels = name.split('.')
  return (count > 0 ? labels.slice(0, count) : labels.slice(count)).join('.')
}
