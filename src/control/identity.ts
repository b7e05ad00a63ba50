// Who sends a request for a page: by the secret, a token, a certificate, or the address. Tokens are compared as hashes, all of
// them, so that the time says nothing about them.

import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback, plainAddress, unixClient } from '../net/address.ts'
import { readSecret } from '../wire/authorization.ts'
import type { Caller } from './caller.ts'

/** `reader`: everything that changes nothing. `operator`: all. */
export type Role = 'reader' | 'operator'

/** One who may use the pages. */
export interface AccessToken {
  /** For the log and the records of actions. */
  readonly name: string
  readonly role: Role
  /** As `Authorization: Bearer TOKEN`, or as the password of Basic. 8 to 256 visible ASCII characters. */
  readonly token?: string | undefined
  /** A name in a client certificate that one of the listener's authorities has signed. */
  readonly certificate?: string | undefined
}

export interface Actor {
  readonly role: Role
  /** Address of the caller; `unix` on a unix socket. */
  readonly from: string
  /** Name of the token; absent for the secret and for callers without either. */
  readonly name?: string
}

export interface Identified {
  readonly actor: Actor
  /** By `Authorization`, which no foreign web page can send. */
  readonly isByCredentials: boolean
}

export class Identities {
  readonly #secret: Buffer | undefined
  readonly #tokens: readonly { readonly entry: AccessToken; readonly digest: Buffer }[]
  readonly #certificates: ReadonlyMap<string, AccessToken>

  /** @param secret '' for none. */
  constructor(secret: string, tokens: readonly AccessToken[]) {
    this.#secret = secret === '' ? undefined : digestOf(secret)
    this.#tokens = tokens.flatMap((entry) =>
      entry.token === undefined ? [] : [{ entry, digest: digestOf(entry.token) }],
    )
    this.#certificates = new Map(
      tokens.flatMap((entry) =>
        entry.certificate === undefined ? [] : [[entry.certificate, entry] as const],
      ),
    )
  }

  /** @param authorization the value of the field; '' for none. @returns `undefined`: not known. */
  identify(
    authorization: string,
    { remote, certificateNames = [] }: Caller,
  ): Identified | undefined {
    const from = plainAddress(remote)
    const given = readSecret(authorization)
    if (given !== undefined && this.#isClosed) {
      const found = this.#byCredentials(given)
      return found && { actor: { ...found, from }, isByCredentials: true }
    }
    const known = (actor: Actor): Identified => ({ actor, isByCredentials: false })
    for (const name of certificateNames) {
      const entry = this.#certificates.get(name)
      if (entry !== undefined) return known({ role: entry.role, from, name: entry.name })
    }
    if (this.#secret !== undefined) return undefined
    if (from === unixClient || isLoopback(from)) return known({ role: 'operator', from })
    return this.#isClosed ? undefined : known({ role: 'reader', from })
  }

  get #isClosed(): boolean {
    return this.#secret !== undefined || this.#tokens.length > 0 || this.#certificates.size > 0
  }

  #byCredentials(given: string): Omit<Actor, 'from'> | undefined {
    const digest = digestOf(given)
    let found: Omit<Actor, 'from'> | undefined
    if (this.#secret !== undefined && timingSafeEqual(digest, this.#secret))
      found = { role: 'operator' }
    for (const { entry, digest: expected } of this.#tokens)
      if (timingSafeEqual(digest, expected)) found = { role: entry.role, name: entry.name }
    return found
  }
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
