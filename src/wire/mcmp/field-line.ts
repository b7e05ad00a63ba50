// Parses one field line of the control listener's HTTP in linear time; one regular expression for the whole line would
// backtrack over inner blanks.

const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const value = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** Name in lower case, and value without surrounding blanks; `undefined` for an invalid line. */
export function readFieldLine(line: string): readonly [name: string, value: string] | undefined {
  const colon = line.indexOf(':')
  if (colon < 0) return undefined
  const before = line.slice(0, colon)
  const behind = line.slice(colon + 1)
  if (!name.test(before) || !value.test(behind)) return undefined
  return [before.toLowerCase(), withoutBlanks(behind)]
}

/** Removes spaces and tabs at both ends [RFC 9110 5.5]. */
function withoutBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
