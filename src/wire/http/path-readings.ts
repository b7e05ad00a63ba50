// How the usual servers read one path: some remove parameters, merge slashes, remove dot segments or decode
// `%2f`, others do not. A request is routed only when all these readings lead to the same context (match.ts,
// cascade-chooser.ts); else the server would serve an application that was not chosen.

import { httpLimits } from '../../base/limits.ts'

/** How escapes are read: decoded once but for `%2f`; also kept where no client must write them; also as separators. */
type Escapes = 'once' | 'raw' | 'separators'
/** Whether a segment loses its parameters: from `;` on, also from `%3b` on, or not at all. */
type Parameters = 'removed' | 'removedLate' | 'kept'

/**
 * All readings of a path; the first one is Tomcat's, by which contexts are chosen: parameters removed, decoded
 * once but for `%2f`, slashes merged, dot segments removed. `undefined` when the path has more segments
 * than `httpLimits.oddSegmentsMax`.
 * @param path as sent, one character a byte, without query.
 */
export function pathReadings(path: string): readonly string[] | undefined {
  const found = oddities(path)
  if (found.isTrivial) return [decoded(path, 'once')]
  if (path.split(anySeparator).length > httpLimits.oddSegmentsMax) return undefined
  const readings = new Set<string>()
  for (const parameters of found.parameters) {
    for (const escapes of found.escapes) {
      const segments = segmentsOf(path, parameters, escapes)
      const merged = segments.filter(isNamed)
      readings.add(joined(withoutDots(merged)))
      readings.add(joined(merged))
      readings.add(joined(withoutDots(segments)))
      readings.add(joined(segments))
    }
  }
  return [...readings]
}

/**
 * What the first reading leads to, when no other one leads elsewhere.
 * @param find the context of a path; the same object for the same context.
 * @returns `undefined` when no reading leads anywhere, 'ambiguous' when they differ.
 */
export function agreed<Context extends object>(
  readings: readonly string[],
  find: (path: string) => Context | undefined,
): Context | undefined | 'ambiguous' {
  const first = readings[0] ?? ''
  const chosen = find(first)
  for (let i = 1; i < readings.length; i++) {
    const reading = readings[i] as string
    const other = find(reading)
    if (other === chosen) continue
    if (other !== undefined || !isAbove(plainBeginning(reading), first)) return 'ambiguous'
  }
  return chosen
}

interface Oddities {
  /** All servers read the path alike. */
  readonly isTrivial: boolean
  readonly parameters: readonly Parameters[]
  readonly escapes: readonly Escapes[]
}

function oddities(path: string): Oddities {
  const parameters: Parameters[] = ['removed']
  const escapes: Escapes[] = ['once']
  if (path.replace(sessionAtEnd, '').includes(';')) parameters.push('kept')
  if (lateSemicolon.test(path)) parameters.push('removedLate')
  if (escapedPlain.test(path)) escapes.push('raw')
  if (escapedSeparator.test(path)) escapes.push('separators')
  const isTrivial = escapes.length === 1 && !path.includes(';') && !oddSegment.test(path)
  return { isTrivial: isTrivial && parameters.length === 1, parameters, escapes }
}

/**
 * The parameter by which servlet containers pass a session on [Servlet 6.0, 7.1.3]. At the end of a path it makes
 * `/shop;jsessionid=x` of a link to `/shop`, which has to lead there also where another context is above it.
 */
const sessionAtEnd = /;jsessionid=[^;/]*$/

const lateSemicolon = /%3b/i
/** An escape of a letter, a digit or one of `-._~`, which need none [RFC 3986 2.3]. */
const escapedPlain = /%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i
const escapedSeparator = /%(?:2f|5c)/i
/** An empty segment before the last one, or a dot segment. */
const oddSegment = /\/(?:\/|\.{1,2}(?:\/|$))/

function segmentsOf(path: string, parameters: Parameters, escapes: Escapes): string[] {
  return path.split(escapes === 'separators' ? anySeparator : '/').map((segment) => {
    const name = parameters === 'kept' ? segment : withoutParameters(segment, parameters)
    return decoded(name, escapes)
  })
}

const anySeparator = /\/|%2f|%5c/i

function withoutParameters(segment: string, parameters: Parameters): string {
  const end = segment.search(parameters === 'removedLate' ? anySemicolon : ';')
  return end < 0 ? segment : segment.slice(0, end)
}

const anySemicolon = /;|%3b/i

function decoded(segment: string, escapes: Escapes): string {
  if (!segment.includes('%')) return segment
  const bytes = segment.replace(anyEscape, (text) => {
    const isKept = escapes === 'raw' && escapedPlain.test(text)
    return isKept || isSlash.test(text)
      ? text
      : String.fromCharCode(Number.parseInt(text.slice(1), 16))
  })
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const anyEscape = /%[\da-f]{2}/gi
const isSlash = /^%2f$/i

/** An empty segment in the middle is what two slashes leave. */
function isNamed(segment: string, index: number, all: readonly string[]): boolean {
  return segment !== '' || index === 0 || index === all.length - 1
}

/** remove_dot_segments [RFC 3986 5.2.4] of segments whose first one is the empty one before the first slash. */
function withoutDots(segments: readonly string[]): string[] {
  const kept: string[] = []
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
    } else if (segment !== '.') kept.push(segment)
    if ((segment === '.' || segment === '..') && index === segments.length - 1) kept.push('')
  }
  return kept
}

const joined = (segments: readonly string[]): string => segments.join('/') || '/'

/** The segments before the first one that no context has in its name; the whole path when it has none. */
function plainBeginning(path: string): string {
  const segments = path.split('/')
  const last = segments.length - 1
  const end = segments.findIndex(
    (segment, index) => index > 0 && oddName.test(segment) && !(index === last && segment === ''),
  )
  return end < 0 ? path : segments.slice(0, end).join('/')
}

const oddName = /^\.{0,2}$|[;%\\]/

const isAbove = (beginning: string, path: string): boolean =>
  path === beginning || path.startsWith(`${beginning}/`)
