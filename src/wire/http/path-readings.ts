// The readings of a path: common servers differ in whether and in which order they remove parameters, merge slashes, remove
// dot segments and decode `%2f`. A request is routed only if all readings are in the same context (match.ts,
// cascade-chooser.ts); otherwise a server could serve another application than the one that was chosen.

import { httpLimits } from '../../base/limits.ts'

/**
 * The reading by which contexts are chosen, that of Tomcat: parameters removed, decoded once except for `%2f`, slashes merged,
 * dot segments removed.
 * @param path as received, one character per byte, without query.
 */
export function firstReading(path: string): string {
  return joined(withoutDots(merged(splitAtSlashes(path, cutAtSemicolon))))
}

/**
 * All readings of a path, `firstReading` first.
 * @param path as received, one character per byte, without query.
 * @returns `undefined` when they would take more work than `httpLimits.pathReadingWorkMax`.
 */
export function pathReadings(path: string): readonly string[] | undefined {
  const cuts = cutsOf(path)
  const splits = splitsOf(path, cuts.length > 1)
  const ways = cuts.length * splits.length
  if (ways > 1 || oddSegment.test(path)) {
    const work = ways * (path.split(anySeparator).length + path.length / 16)
    if (work > httpLimits.pathReadingWorkMax) return undefined
  }
  const readings = new Set<string>()
  for (const cut of cuts) {
    for (const split of splits) addReadings(readings, split(path, cut))
  }
  return [...readings]
}

function addReadings(readings: Set<string>, segments: readonly string[]): void {
  if (!segments.some(isOdd)) {
    readings.add(joined(segments))
    return
  }
  for (const beginning of [merged(segments), segments, withoutSlashesInFront(segments)]) {
    for (const end of [withoutDots(beginning), beginning]) {
      readings.add(joined(merged(end)))
      readings.add(joined(end))
    }
  }
}

/** An empty segment between two slashes, or a dot segment. */
function isOdd(segment: string, index: number, all: readonly string[]): boolean {
  if (segment === '') return index > 0 && index < all.length - 1
  return segment === '.' || segment === '..'
}

/**
 * The context of the first reading, if no other reading has another one.
 * @param find returns the context of a path; the same object for the same context.
 * @returns `undefined` when no reading has a context, 'ambiguous' when they differ.
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
    // `//app` is in /app when nothing else is known above it, though it might be a path of the root.
    if (other !== undefined || !isAbove(plainBeginning(reading), first)) return 'ambiguous'
  }
  return chosen
}

/** Removes the parameters of a segment. */
type Cut = (segment: string) => string

function cutsOf(path: string): readonly Cut[] {
  const cuts: Cut[] = [cutAtSemicolon]
  if (path.replace(sessionAtEnd, '').includes(';')) {
    cuts.push((segment) => segment)
    // Undertow keeps the semicolon behind dots.
    if (dotParameters.test(path)) {
      cuts.push((segment) =>
        dotParameters.test(`/${segment}`) ? segment : cutAtSemicolon(segment),
      )
    }
  }
  if (lateSemicolon.test(path)) cuts.push((segment) => before(segment, anySemicolon))
  return cuts
}

const cutAtSemicolon: Cut = (segment) => before(segment, ';')

/**
 * The parameter by which servlet containers pass a session on [Servlet 6.0, 7.1.3]. At the end of a path it makes
 * `/shop;jsessionid=x` of a link to `/shop`, which has to lead there also where another context is above it.
 */
const sessionAtEnd = /;jsessionid=[^;/]*$/
const dotParameters = /\/(?:\.|%2e){1,2};/i
const lateSemicolon = /%3b/i
const anySemicolon = /;|%3b/i

function before(segment: string, end: string | RegExp): string {
  const at = segment.search(end)
  return at < 0 ? segment : segment.slice(0, at)
}

/** Splits a path into decoded segments; the first one is the empty one before the first slash. */
type Split = (path: string, cut: Cut) => string[]

function splitsOf(path: string, hasParameters: boolean): readonly Split[] {
  const splits: Split[] = [
    (path, cut) => path.split('/').map((segment) => decodedOnce(cut(segment))),
  ]
  if (needlessEscape.test(path)) {
    splits.push((path, cut) => path.split('/').map((segment) => decodedIfNeeded(cut(segment))))
  }
  for (const separator of escapedSeparators.filter(({ escaped }) => escaped.test(path))) {
    splits.push((path, cut) =>
      path.split('/').flatMap((segment) => cut(segment).split(separator.escaped).map(decoded)),
    )
    if (hasParameters) {
      splits.push((path, cut) => path.split(separator.any).map((segment) => decoded(cut(segment))))
    }
  }
  return splits
}

const splitAtSlashes: Split = (path, cut) =>
  path.split('/').map((segment) => decodedOnce(cut(segment)))

/** Of a letter, a digit or one of `-._~` [RFC 3986 2.3]. */
const needlessEscape = /%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i
const anySeparator = /\/|%2f|%5c/i
const escapedSeparators = [
  { escaped: /%2f/i, any: /\/|%2f/i },
  { escaped: /%5c/i, any: /\/|%5c/i },
  { escaped: /%2f|%5c/i, any: anySeparator },
]
/** One of those that `isOdd` finds. */
const oddSegment = /\/(?:\/|\.{1,2}(?:\/|$))/

const decoded = (text: string): string => decodedBut(text, undefined)
const decodedOnce = (text: string): string => decodedBut(text, escapedSlash)
const decodedIfNeeded = (text: string): string => decodedBut(text, slashOrNeedless)

const escapedSlash = /%2f/i
const slashOrNeedless = new RegExp(`${escapedSlash.source}|${needlessEscape.source}`, 'i')

function decodedBut(text: string, kept: RegExp | undefined): string {
  if (!text.includes('%')) return text
  const bytes = text.replace(anyEscape, (one) =>
    kept?.test(one) === true ? one : String.fromCharCode(Number.parseInt(one.slice(1), 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const anyEscape = /%[\da-f]{2}/gi

/** Two slashes leave an empty segment in the middle. */
function merged(segments: readonly string[]): readonly string[] {
  const last = segments.length - 1
  return segments.filter((segment, index) => segment !== '' || index === 0 || index === last)
}

function withoutSlashesInFront(segments: readonly string[]): readonly string[] {
  const first = segments.findIndex((segment) => segment !== '')
  return first < 2 ? segments : ['', ...segments.slice(first)]
}

/** remove_dot_segments [RFC 3986 5.2.4] */
function withoutDots(segments: readonly string[]): readonly string[] {
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
