// The parameters of the manager page, from the query of its target or the body of a form. Pure.

/** By name in lower case: `Refresh` and `refresh` are one (mcmp.md 6). The last of a name counts. */
export type Parameters = ReadonlyMap<string, string>

/** `undefined` for a part without `=`, as httpd has it. */
export function readParameters(text: string): Parameters | undefined {
  const parts = text.split('&').filter((part) => part !== '')
  if (!parts.every((part) => part.includes('='))) return undefined
  return new Map([...new URLSearchParams(text)].map(([name, value]) => [name.toLowerCase(), value]))
}

/** The part of a target behind its first `?`. */
export function queryOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? '' : target.slice(at + 1)
}
