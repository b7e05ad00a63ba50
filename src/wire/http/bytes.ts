// Byte classes as tables of 256 entries, for the inner loops of the HTTP/1 and AJP parsers.

const table = (test: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0))

const within = (characters: string) => {
  const set = new Set([...characters].map((character) => character.charCodeAt(0)))
  return (byte: number): boolean => set.has(byte)
}

const isAlphanumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)

const inTokenMarks = within("!#$%&'*+-.^_`|~")
const inPathMarks = within("-._~!$&'()*+,;=:@/")
const inQueryMarks = within("-._~!$&'()*+,;=:@/?")
// Not allowed by RFC 3986, but browsers send them unescaped.
const inRawPathMarks = within('[]{}|^`"<>')
const inRawQueryMarks = within('[]{}|^`"<>\\')
const inHostMarks = within("-._~!$&'()*+;=%")

/** tchar [RFC 9110 5.6.2] */
export const isToken: Uint8Array = table((byte) => isAlphanumeric(byte) || inTokenMarks(byte))

export const isDigit: Uint8Array = table((byte) => byte >= 0x30 && byte <= 0x39)

/** Token characters that are neither letters nor digits. */
export const isMark: Uint8Array = table(inTokenMarks)

/** field-vchar, SP and HTAB; obs-text is allowed [RFC 9110 5.5] */
export const isValue: Uint8Array = table((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))

/** Without `%`, which starts an escape. */
export const isPath: Uint8Array = table((byte) => isAlphanumeric(byte) || inPathMarks(byte))
export const isQuery: Uint8Array = table((byte) => isAlphanumeric(byte) || inQueryMarks(byte))
/** Further bytes that are accepted in a path and in a query. */
export const isRawPath: Uint8Array = table(inRawPathMarks)
export const isRawQuery: Uint8Array = table(inRawQueryMarks)
/** reg-name [RFC 3986 3.2.2] without the comma, which separates lists and is in no host name */
export const isHostByte: Uint8Array = table((byte) => isAlphanumeric(byte) || inHostMarks(byte))

/** Value of a hexadecimal digit, 0..15; -1 for other bytes. */
export const hexValue: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? -1 : digit
})

export const CR = 13
export const LF = 10
export const SP = 32
export const TAB = 9
export const COLON = 58

/** First offset of `byte` in bytes[from..to), or -1. `indexOf` would search on to the end of the buffer. */
export function indexIn(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i
  return -1
}

/** Whether `wanted` is at bytes[at..). */
export function hasAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/** Whether bytes[from..to) are `wanted`. Names are short, so a loop is faster than a built-in function. */
export function equals(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  return to - from === wanted.length && hasAt(bytes, from, wanted)
}
