// The static table [RFC 7541 A]: 61 fields that a field block names by number, from 1.

import { type FieldLine, lineKind } from './field-line.ts'

const entries = (
  ':authority=|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|' +
  ':status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset=|' +
  'accept-encoding=gzip, deflate|accept-language=|accept-ranges=|accept=|access-control-allow-origin=|age=|allow=|' +
  'authorization=|cache-control=|content-disposition=|content-encoding=|content-language=|content-length=|' +
  'content-location=|content-range=|content-type=|cookie=|date=|etag=|expect=|expires=|from=|host=|if-match=|' +
  'if-modified-since=|if-none-match=|if-range=|if-unmodified-since=|last-modified=|link=|location=|max-forwards=|' +
  'proxy-authenticate=|proxy-authorization=|range=|referer=|refresh=|retry-after=|server=|set-cookie=|' +
  'strict-transport-security=|transfer-encoding=|user-agent=|vary=|via=|www-authenticate='
)
  .split('|')
  .map((entry) => entry.split('=') as [string, string])

export const staticCount: number = entries.length

/** By number - 1. */
export const staticLines: readonly FieldLine[] = entries.map(([name, value]) => {
  const bytes = Buffer.from(`${name}: ${value}\r\n`)
  const nameTo = name.length
  const valueTo = bytes.length - 2
  return { bytes, nameTo, valueTo, kind: lineKind(bytes, nameTo, valueTo) }
})

/** The number of the first entry with each name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  entries.map(([name], index): [string, number] => [name, index + 1]).toReversed(),
)
