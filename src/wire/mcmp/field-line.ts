// One field line of the control listener's HTTP, in linear time: a regular expression for the whole of it would
// look at inner blanks again and again.

const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const value = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** Name in lower case and value without the blanks around it; `undefined` for what is no field line. */
export function readFieldLine(line: string): readonly [name: string, value: string] | undefined {
  const colon = line.indexOf(':')
  if (colon < 0) return undefined
  const before = line.slice(0, colon)
  const behind = line.slice(colon + 1)
  if (!name.test(before) || !value.test(behind)) return undefined
  return [before.toLowerCase(), withoutBlanks(behind)]
}

/** Spaces and tabs at both ends taken off [RFC 9110 5.5]. */
function withoutBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
