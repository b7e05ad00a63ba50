// Which responses a rule compresses: by their type, their length and the fields that forbid it.

import { type Coding, preferredCoding } from '../../wire/http/accept-encoding.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import { patternOf } from './pattern.ts'
import type { CompressSettings } from './rule-settings.ts'

/** The types that are compressed unless a rule names others. */
export const compressedTypes: readonly string[] = [
  'text/*',
  'application/javascript',
  'application/json',
  'application/wasm',
  'application/x-ndjson',
  'application/xml',
  'application/*+json',
  'application/*+xml',
  'image/svg+xml',
  'font/otf',
  'font/ttf',
]

/** Only where a rule names it: clients that decompress may hold events back. */
const eventStream = 'text/event-stream'

/** The body is coded already, or a part of one, or known by its bytes, or trailers are announced. */
const forbidding: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-range',
  'content-digest',
  'content-md5',
  'digest',
  'repr-digest',
  'trailer',
])

const partialContent = 206
const bodiless: ReadonlySet<number> = new Set([204, 304])

export class Compression {
  readonly #settings: CompressSettings
  readonly #types: readonly ((type: string) => boolean)[]

  constructor(settings: CompressSettings) {
    this.#settings = settings
    this.#types = settings.types.map(patternOf)
  }

  /** The coding that the client of a request prefers; `undefined` for none. */
  codingFor(fields: Fields): Coding | undefined {
    if (forbidsTransforming(fields)) return undefined
    return preferredCoding(valuesOf(fields, 'accept-encoding').join(','), this.#settings.codings)
  }

  /** Whether a response with a body is compressed for the clients that accept a coding. */
  suits({ status, chunked, contentLength, fields }: ResponseHead): boolean {
    if (bodiless.has(status) || status === partialContent) return false
    if (!chunked && contentLength >= 0 && contentLength < Math.max(1, this.#settings.minBytes))
      return false
    for (let f = 0; f < fields.count; f++) if (forbidding.has(fields.name(f))) return false
    return !forbidsTransforming(fields) && this.#hasType(valuesOf(fields, 'content-type'))
  }

  #hasType([value = '', ...more]: readonly string[]): boolean {
    const type = value.split(';')[0]?.trim().toLowerCase() ?? ''
    if (type === '' || more.length > 0) return false
    if (type === eventStream) return this.#settings.types.includes(type)
    return this.#types.some((holds) => holds(type))
  }
}

const forbidsTransforming = (fields: Fields): boolean =>
  namesIn(fields, 'cache-control').has('no-transform')

/** Whether caches are told already that Accept-Encoding counts. */
export function variesByCoding(fields: Fields): boolean {
  const names = namesIn(fields, 'vary')
  return names.has('*') || names.has('accept-encoding')
}

/** The value of If-None-Match, if it has a weak validator: the client may have it from a compressed response. */
export function weakTagsIn(fields: Fields): string {
  const tags = valuesOf(fields, 'if-none-match').join(',')
  return tags.includes('W/"') ? tags : ''
}

/** The elements of a list, in lower case. */
const namesIn = (fields: Fields, name: string): ReadonlySet<string> =>
  new Set(
    valuesOf(fields, name)
      .join(',')
      .split(',')
      .map((part) => part.trim().toLowerCase()),
  )

function valuesOf(fields: Fields, name: string): readonly string[] {
  const values: string[] = []
  for (let f = 0; f < fields.count; f++) if (fields.name(f) === name) values.push(fields.value(f))
  return values
}
