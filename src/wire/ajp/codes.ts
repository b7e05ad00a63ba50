// The codes of AJP13: packet types, methods, field names and attributes.

import { equalsName } from '../http/field-name.ts'

/** Packets of the proxy. Pieces of a request body have no type. */
export const FORWARD_REQUEST = 2
export const CPING = 10

/** Packets of the container. */
export const SEND_BODY_CHUNK = 3
export const SEND_HEADERS = 4
export const END_RESPONSE = 5
export const GET_BODY_CHUNK = 6
export const CPONG = 9

/** Attributes, after the fields of a request. */
export const REMOTE_USER = 0x03
export const AUTH_TYPE = 0x04
export const QUERY_STRING = 0x05
export const JVM_ROUTE = 0x06
export const SSL_CERT = 0x07
export const SSL_CIPHER = 0x08
export const SSL_SESSION = 0x09
export const REQ_ATTRIBUTE = 0x0a
export const SSL_KEY_SIZE = 0x0b
export const SECRET = 0x0c
export const STORED_METHOD = 0x0d
export const ARE_DONE = 0xff

/** In place of a method code: the method is in the attribute STORED_METHOD. */
export const METHOD_IS_STORED = 0xff

/** Length of an absent string. */
export const NO_STRING = 0xffff

/** High byte of the codes of field names; no name is that long. */
export const NAME_CODES = 0xa0

const methods = [
  'OPTIONS',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'ACL',
  'REPORT',
  'VERSION-CONTROL',
  'CHECKIN',
  'CHECKOUT',
  'UNCHECKOUT',
  'SEARCH',
  'MKWORKSPACE',
  'UPDATE',
  'LABEL',
  'MERGE',
  'BASELINE-CONTROL',
  'MKACTIVITY',
]
const methodCodes: ReadonlyMap<string, number> = new Map(
  methods.map((method, index) => [method, index + 1]),
)

/** The code of a method, or METHOD_IS_STORED. */
export const methodCode = (method: string): number => methodCodes.get(method) ?? METHOD_IS_STORED

/** Codes from 0xA001 on. */
const requestNames = [
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'authorization',
  'connection',
  'content-type',
  'content-length',
  'cookie',
  'cookie2',
  'host',
  'pragma',
  'referer',
  'user-agent',
].map((name, index) => ({ bytes: Buffer.from(name), code: (NAME_CODES << 8) + index + 1 }))

const byLength = Array.from({ length: 16 }, (_, length) =>
  requestNames.filter((name) => name.bytes.length === length),
)

export const CONTENT_LENGTH_CODE = 0xa008

/** The code of the request field name bytes[from..to); 0 when it has none. */
export function requestNameCode(bytes: Buffer, from: number, to: number): number {
  const known = byLength[to - from]
  if (known === undefined) return 0
  for (let i = 0; i < known.length; i++) {
    if (equalsName(bytes, from, to, known[i]!.bytes)) return known[i]!.code
  }
  return 0
}

/** Response field names by the low byte of their code. */
export const responseNames: readonly (Buffer | undefined)[] = [
  undefined,
  ...[
    'Content-Type',
    'Content-Language',
    'Content-Length',
    'Date',
    'Last-Modified',
    'Location',
    'Set-Cookie',
    'Set-Cookie2',
    'Servlet-Engine',
    'Status',
    'WWW-Authenticate',
  ].map((name) => Buffer.from(name)),
]
