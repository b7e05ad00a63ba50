// The text of a file of htpasswd: names, and the hashes of their passwords.

/** Greatest cost of bcrypt: one password then takes about a second. */
const costMax = 14

/** By name. */
export type Passwords = ReadonlyMap<string, string>

/** @returns the passwords, or what is wrong with the first line that is none. */
export function readPasswords(text: string): Passwords | string {
  const passwords = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const problem = colon < 1 ? 'not NAME:HASH' : hashProblem(line.slice(colon + 1))
    if (problem !== undefined) return `line ${index + 1}: ${problem}`
    const name = line.slice(0, colon)
    // The first line of a name counts, as in httpd and nginx.
    if (!passwords.has(name)) passwords.set(name, line.slice(colon + 1))
  }
  return passwords.size === 0 ? 'no names in it' : passwords
}

function hashProblem(hash: string): string | undefined {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash) ?? []
  if (cost !== undefined)
    return Number(cost) > costMax || Number(cost) < 4
      ? `a cost that is not 4 to ${costMax}`
      : undefined
  if (/^\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/.test(hash)) return undefined
  if (/^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(hash)) return undefined
  return 'neither bcrypt nor apr1 nor {SHA}; write it by `htpasswd -B FILE NAME`'
}
