// The grammar of field values, for parser and writer: longest values, forbidden characters, and the forms of booleans, times
// and integers (mcmp.md 1.3, decisions 14 to 19).

/** Longest value of each field with a limit, in bytes of UTF-8. */
export const fieldBytesMax = {
  route: 63,
  balancer: 39,
  domain: 19,
  host: 63,
  port: 6,
  type: 15,
  cookie: 29,
  alias: 254,
  context: 79,
} as const

export const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8')

/** Characters that make the whole message invalid. */
export const illegal: RegExp = /[<>"'\u0000-\u001f\u007f]/

/** Whether a text is a host name or an address without brackets. */
export const isHostName = (text: string): boolean => /^[A-Za-z0-9._:-]+$/.test(text)

/** @returns `undefined` for any other word; the field is then ignored, as in httpd. */
export function readBoolean(text: string): boolean | undefined {
  switch (text.toLowerCase()) {
    case 'yes':
    case 'on':
    case 'true':
      return true
    case 'no':
    case 'off':
    case 'false':
      return false
    default:
      return undefined
  }
}

const unitMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['mi', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
])

/** Milliseconds of `10`, `250ms`, `2min` and so on; `undefined` for anything else. */
export function readTime(text: string, defaultUnit: 'ms' | 's'): number | undefined {
  const match = /^(\d{1,15})(ms|s|mi|min|h)?$/i.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * (unitMs.get((match[2] ?? defaultUnit).toLowerCase()) ?? 1)
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** A decimal integer of at least `least`, at most 15 digits; `undefined` for anything else. */
export function readInteger(text: string, least: number): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least ? value : undefined
}

/** A port, 1..65535, in decimal digits; `undefined` for anything else. */
export function readPort(text: string): number | undefined {
  const port = /^\d+$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}
