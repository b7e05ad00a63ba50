// One field of a request as the decoder gives it: the line `name: value CRLF` of HTTP/1.1, and what the name means for a
// gateway. A line is checked once, so one that a client sends again and again costs a copy only.

import { equals, isMark, isToken, isValue, SP, TAB } from '../http/bytes.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  clientFieldKind,
  equalsName,
  HOST,
  isDisguised,
  KEEP_ALIVE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../http/field-name.ts'

export type LineKind =
  /** Passed on as it is. */
  | 'field'
  | ':method'
  | ':scheme'
  | ':authority'
  | ':path'
  | ':protocol'
  /** Of an answer. */
  | ':status'
  | 'host'
  | 'cookie'
  | 'content-length'
  /** `te: trailers` */
  | 'te'
  /** Not allowed in HTTP/2 [RFC 9113 8.2, 8.3]. */
  | 'bad'

export interface FieldLine {
  /** The name begins at 0. */
  readonly bytes: Buffer
  readonly nameTo: number
  /** The value begins 2 bytes behind the name, and the line ends 2 bytes behind the value. */
  readonly valueTo: number
  readonly kind: LineKind
}

/** What an entry of a table costs beside its bytes [RFC 7541 4.1]; a field list is measured in the same way. */
export const entryOverhead = 32

const COLON = 0x3a
const pseudo = [':method', ':scheme', ':authority', ':path', ':protocol', ':status'] as const
const pseudoBytes = pseudo.map((name) => ({ name, bytes: Buffer.from(name) }))
const te = Buffer.from('te')
const trailers = Buffer.from('trailers')
const proxyConnection = Buffer.from('proxy-connection')
/** A connection-specific field of the upgrade from HTTP/1.1, which RFC 9113 has removed. */
const http2Settings = Buffer.from('http2-settings')

/** The kind of the line whose name is bytes[0..nameTo) and whose value ends at `valueTo`. */
export function lineKind(bytes: Buffer, nameTo: number, valueTo: number): LineKind {
  if (!isFieldValue(bytes, nameTo + 2, valueTo)) return 'bad'
  if (bytes[0] === COLON && nameTo > 0) return pseudoKind(bytes, nameTo)
  if (!isFieldName(bytes, nameTo)) return 'bad'
  switch (clientFieldKind(bytes, 0, nameTo)) {
    case -1:
    case CONNECTION:
    case KEEP_ALIVE:
    case TRANSFER_ENCODING:
    case UPGRADE:
      return 'bad'
    case CONTENT_LENGTH:
      return 'content-length'
    case COOKIE:
      return 'cookie'
    case HOST:
      return 'host'
  }
  if (nameTo === te.length && equalsName(bytes, 0, nameTo, te))
    return equals(bytes, nameTo + 2, valueTo, trailers) ? 'te' : 'bad'
  if (equalsName(bytes, 0, nameTo, proxyConnection)) return 'bad'
  return equalsName(bytes, 0, nameTo, http2Settings) ? 'bad' : 'field'
}

function pseudoKind(bytes: Buffer, nameTo: number): LineKind {
  for (const { name, bytes: known } of pseudoBytes) if (equals(bytes, 0, nameTo, known)) return name
  return 'bad'
}

/** A token in lower case that no server takes for a framing field. */
function isFieldName(bytes: Buffer, to: number): boolean {
  if (to === 0) return false
  for (let i = 0; i < to; i++) {
    const byte = bytes[i]!
    if (isToken[byte] === 0 || (byte >= 0x41 && byte <= 0x5a)) return false
  }
  const mayBeDisguised = isMark[bytes[0]!] === 1 || isMark[bytes[to - 1]!] === 1
  return !(mayBeDisguised && isDisguised(bytes, 0, to))
}

/** Without control characters, and without white space around it [RFC 9113 8.2.1]. */
function isFieldValue(bytes: Buffer, from: number, to: number): boolean {
  if (from === to) return true
  const [first, last] = [bytes[from]!, bytes[to - 1]!]
  if (first === SP || first === TAB || last === SP || last === TAB) return false
  for (let i = from; i < to; i++) if (isValue[bytes[i]!] === 0) return false
  return true
}
