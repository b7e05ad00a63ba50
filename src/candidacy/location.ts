// Where a client is redirected to, as `redirectToName` and `redirectToIp` say it:
//   [SCHEME://]HOST[:PORT], with %N the winner's name, %A its address, %P its port, %S its scheme,
//   %H the host that the client asked for, %% a percent sign; %2N the first two labels, %-2N the last two.
// Path and query of the request follow. Without SCHEME and PORT the winner's own are taken.

import { hostText } from '../base/host-port.ts'
import type { Candidate } from '../cluster/routes.ts'

/** What a format is made of: text, or a figure of the winner's with the labels that are taken of it. */
type Part = string | { readonly what: 'N' | 'A' | 'P' | 'S' | 'H'; readonly labels: number }

export interface LocationFormat {
  readonly parts: readonly Part[]
  readonly hasScheme: boolean
  readonly hasPort: boolean
}

/** A text says what is wrong with the format. */
export function readLocationFormat(text: string): LocationFormat | string {
  const parts: Part[] = []
  for (const [piece] of text.matchAll(/%(?:-?[1-9])?[NAPSH]|%%|%|[^%]+/g)) {
    const token = /^%(-?[1-9])?([NAPSH])$/.exec(piece)
    if (token !== null) {
      const what = token[2] as 'N' | 'A' | 'P' | 'S' | 'H'
      if (token[1] !== undefined && what !== 'N' && what !== 'H')
        return `${piece} has no labels: only %N and %H do`
      parts.push({ what, labels: Number(token[1] ?? 0) })
    } else if (piece === '%') return '% stands before N, A, P, S, H (%N and %H with a number) or %'
    else if (piece !== '%%' && !/^[\w.:/[\]-]+$/.test(piece)) return `${piece} is no part of a host`
    else parts.push(piece === '%%' ? '%' : piece)
  }
  const plain = parts.map((part) => (typeof part === 'string' ? part : part.what)).join('')
  const hasScheme = plain.includes('://')
  const place = hasScheme ? plain.slice(plain.indexOf('://') + 3) : plain
  if (place === '' || place.includes('/')) return 'it is no host'
  if (hasScheme && !/^(?:https?|S):\/\//.test(plain)) return 'the scheme is http, https or %S'
  return { parts, hasScheme, hasPort: /:(?:\d+|P)$/.test(place) }
}

/**
 * The whole `Location`.
 * @param host that the client asked for, without port.
 * @param target path and query as sent.
 * @returns `undefined` when it comes to none: the winner's name is no host name, say. Then proxy instead.
 */
export function locationOf(
  format: LocationFormat,
  winner: Candidate,
  host: string,
  target: string,
): string | undefined {
  if (!target.startsWith('/') || /[^\x21-\x7e]/.test(target)) return undefined
  const server = serverOf(winner)
  if (server === undefined) return undefined
  const figures = { N: server.name, A: server.host, P: `${server.port}`, S: server.scheme, H: host }
  const text = format.parts
    .map((part) =>
      typeof part === 'string' ? part : labelsOf(hostText(figures[part.what]), part.labels),
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

/** A peer's name without the port that it has by default; `undefined` for a node that clients cannot speak to. */
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
])

/** The first labels of a name, or the last ones when `count` is negative; 0 is all. */
function labelsOf(name: string, count: number): string {
  if (count === 0) return name
  const labels = name.split('.')
  return (count > 0 ? labels.slice(0, count) : labels.slice(count)).join('.')
}
