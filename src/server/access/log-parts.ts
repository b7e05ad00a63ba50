// Pieces of a line that all formats of the access log share, written as bytes.

import type { AccessEntry } from '../../proxy/index.ts'
import type { Out } from '../../wire/http/out.ts'

/** Appends one line with its line feed, in ASCII. */
export type LineWriter = (entry: AccessEntry, out: Out) => void

/** `2026-11-29T00:58:57.` of the second that was written last. */
let second = Number.NaN
let secondText: Buffer = Buffer.alloc(0)

/** As in the log of the program, without the `Z`. @param ms since 1970. */
export function isoTime(ms: number, out: Out): void {
  const now = Math.floor(ms / 1_000)
  if (now !== second) {
    second = now
    secondText = Buffer.from(new Date(now * 1_000).toISOString().slice(0, -4))
  }
  out.raw(secondText)
  out.digits(ms - now * 1_000, 3)
}

/** With three decimals. */
export function milliseconds(value: number, out: Out): void {
  const micros = Math.max(0, Math.round(value * 1_000))
  const whole = Math.floor(micros / 1_000)
  out.decimal(whole)
  out.byte(0x2e)
  out.digits(micros - whole * 1_000, 3)
}
