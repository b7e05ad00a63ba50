// Classes of bytes as tables of 256, for the inner loops of the parsers.

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
// Not in the grammar of RFC 3986, and sent raw by browsers all the same.
const inRawPathMarks = within('[]{}|^`"<>')
const inRawQueryMarks = within('[]{}|^`"<>\\')
const inHostMarks = within("-._~!$&'()*+;=%")

/** tchar [RFC 9110 5.6.2] */
export const isToken: Uint8Array = table((byte) => isAlphanumeric(byte) || inTokenMarks(byte))

/** The characters of a token that are neither letters nor digits. */
export const isMark: Uint8Array = table(inTokenMarks)

/** field-vchar, SP and HTAB; obs-text is kept [RFC 9110 5.5] */
export const isValue: Uint8Array = table((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))

/** Without `%`, which begins an escape. */
export const isPath: Uint8Array = table((byte) => isAlphanumeric(byte) || inPathMarks(byte))
export const isQuery: Uint8Array = table((byte) => isAlphanumeric(byte) || inQueryMarks(byte))
/** What a path or query may hold beyond its grammar. */
export const isRawPath: Uint8Array = table(inRawPathMarks)
export const isRawQuery: Uint8Array = table(inRawQueryMarks)
/** reg-name without the comma, which no host name has and lists are made of [RFC 3986 3.2.2] */
export const isHostByte: Uint8Array = table((byte) => isAlphanumeric(byte) || inHostMarks(byte))

/** 0..15, or -1 */
export const hexValue: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? -1 : digit
})

export const CR = 13
export const LF = 10
export const SP = 32
export const TAB = 9
export const COLON = 58

/** Whether bytes[from..to) is `name`, which is given in lower case and holds no `@[\]^_`{|}~`. */
export function equalsName(bytes: Buffer, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    if ((bytes[from + i]! | 0x20) !== name[i]) return false
  }
  return true
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** Where `byte` first stands in bytes[from..to), or -1. `indexOf` would go on to the end of the whole buffer. */
export function indexIn(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i
  return -1
}
