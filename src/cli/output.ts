// What commands write. Names in it come from nodes, peers and other programs: hidden and control characters, which begin
// escape sequences of terminals, are written as `\u{9b}`, in JSON as `\u009b`.

import { printable, printableJson } from '../base/printable.ts'

/** Whole lines to standard output. */
export const print = (text: string): void => void process.stdout.write(byLine(text, printable))

/** A line of JSON, or indented JSON. */
export const printJson = (value: unknown, indent?: number): void =>
  void process.stdout.write(`${byLine(JSON.stringify(value, null, indent), printableJson)}\n`)

/** Whole lines to standard error. */
export const printError = (text: string): void => void process.stderr.write(byLine(text, printable))

const byLine = (text: string, change: (line: string) => string): string =>
  text.split('\n').map(change).join('\n')
