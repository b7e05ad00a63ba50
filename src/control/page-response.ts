// HTTP responses of the control listener to requests that are not MCMP messages, and their bytes. Pure.

import type { StreamReader } from './stream-reader.ts'

export interface PageResponse {
  readonly status: keyof typeof reasonPhrases
  readonly contentType: string
  readonly body: string | Buffer
  /** Further fields. */
  readonly fields?: Readonly<Record<string, string>>
  /** The body without an end, beside which `body` is empty. */
  readonly stream?: Stream
}

/** Who gets a body without an end. */
export type Reader = Pick<StreamReader, 'remote' | 'standsMs' | 'write' | 'cut'>

/** Begins to write the body. @returns ends it, called once the connection is gone; `undefined`: the body is empty. */
export type Stream = (reader: Reader) => (() => void) | undefined

export const reasonPhrases = {
  200: 'OK',
  303: 'See Other',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
} as const

export const textResponse = (
  status: PageResponse['status'],
  line: string,
  fields: PageResponse['fields'] = {},
): PageResponse => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${line}\n`,
  fields,
})

export const jsonResponse = (value: unknown, status: PageResponse['status'] = 200): PageResponse =>
  jsonText(`${JSON.stringify(value)}\n`, status)

/** @param body the text of the JSON, with a line feed behind it. */
export const jsonText = (
  body: string | Buffer,
  status: PageResponse['status'] = 200,
): PageResponse => ({ status, contentType: 'application/json', body })

/**
 * The pieces of the JSON text of an object: a piece for each item of its lists.
 * @param value JSON, and iterables in place of lists, whose items are made one by one; `undefined` is left out.
 */
export function* jsonPieces(value: object): Generator<string> {
  let before = '{'
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue
    yield `${before}${JSON.stringify(key)}:`
    if (isList(field)) yield* listPieces(field)
    else yield JSON.stringify(field)
    before = ','
  }
  yield before === '{' ? '{}\n' : '}\n'
}

const isList = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value

function* listPieces(items: Iterable<unknown>): Generator<string> {
  let before = '['
  for (const item of items) {
    yield item === undefined ? '' : `${before}${JSON.stringify(item)}`
    if (item !== undefined) before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** The bytes of the response; without the body in reply to HEAD. */
export function writeResponse(
  { status, contentType, body, fields = {}, stream }: PageResponse,
  keepAlive: boolean,
  isHead: boolean,
): Uint8Array {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrases[status]}`,
    `Content-Type: ${contentType}`,
    ...('Cache-Control' in fields ? [] : ['Cache-Control: no-store']),
    'X-Content-Type-Options: nosniff',
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    `Connection: ${keepAlive ? 'Keep-Alive' : 'close'}`,
    // A 304 has no length but that of the 200 in its place [RFC 9110 8.6].
    ...(stream === undefined && status !== 304 ? [`Content-Length: ${bytes.length}`] : []),
  ]
  const headBytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`)
  return isHead ? headBytes : Buffer.concat([headBytes, bytes])
}
