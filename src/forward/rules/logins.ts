// Basic authentication of one rule [RFC 7617]. Credentials that were right are remembered by a keyed hash, so that a client
// costs one comparison, and a name that does not exist costs as much as one that does.

import { createHmac, randomBytes } from 'node:crypto'
import { ruleLimits } from '../../base/limits.ts'
import { type Fields, text } from '../../wire/http/fields.ts'
import { type Passwords, readPasswords } from './password-file.ts'
import { comparePassword, type LoginResult } from './password-thread.ts'
import type { AuthSettings } from './rule-settings.ts'

const authorization = Buffer.from('authorization')

type Compare = (password: string, hash: string) => Promise<LoginResult>

export class Logins {
  readonly realm: string
  readonly #passwords: Passwords
  readonly #compare: Compare
  readonly #key: Buffer = randomBytes(32)
  #recent: Set<string> = new Set()
  #older: Set<string> = new Set()
  readonly #pending: Map<string, Promise<LoginResult>> = new Map()

  /** @throws RangeError when the text is not one of htpasswd. */
  constructor({ realm, users }: AuthSettings, compare: Compare = comparePassword) {
    const passwords = readPasswords(users)
    if (typeof passwords === 'string') throw new RangeError(`auth: ${passwords}`)
    this.realm = realm
    this.#passwords = passwords
    this.#compare = compare
  }

  /** Whether the request may pass; a promise the first time. */
  check(fields: Fields): LoginResult | Promise<LoginResult> {
    const credentials = credentialsIn(fields)
    if (credentials === undefined) return 'bad'
    const digest = createHmac('sha256', this.#key).update(credentials, 'latin1').digest('base64')
    if (this.#recent.has(digest)) return 'good'
    if (this.#older.has(digest)) {
      this.#remember(digest)
      return 'good'
    }
    const pending = this.#pending.get(digest) ?? this.#begin(digest, credentials)
    return pending
  }

  #begin(digest: string, credentials: string): Promise<LoginResult> {
    const pair = Buffer.from(credentials, 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    const known = this.#passwords.get(pair.slice(0, Math.max(0, colon)))
    const [first = ''] = this.#passwords.values()
    const compared = this.#compare(pair.slice(colon + 1), known ?? first)
    const result = compared.then((found): LoginResult => {
      this.#pending.delete(digest)
      if (found === 'good' && (known === undefined || colon < 0)) return 'bad'
      if (found === 'good') this.#remember(digest)
      return found
    })
    this.#pending.set(digest, result)
    return result
  }

  #remember(digest: string): void {
    if (this.#recent.size >= ruleLimits.loginsRememberedMax) {
      this.#older = this.#recent
      this.#recent = new Set()
    }
    this.#recent.add(digest)
  }
}

/** In base64; `undefined` when there are none, or more than one server would read in the same way. */
function credentialsIn(fields: Fields): string | undefined {
  const f = fields.indexOf(authorization)
  if (f < 0) return undefined
  for (let other = f + 1; other < fields.count; other++)
    if (fields.name(other) === 'authorization') return undefined
  const value = text(fields.bytes, fields.valueFrom(f), fields.valueTo(f))
  return /^basic +([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(value)?.[1]
}
